//! Notes of an assessment in the report's languages.

use indexmap::IndexMap;
use rust_xlsxwriter::XlsxError;

use super::sheet::Sheet;
use super::{Context, Edition, scale_notes};
use crate::scoring::{Note, NoteCode};

/// What a kind of note says, in the report's languages.
pub(super) fn meaning(context: &Context<'_>, code: NoteCode) -> String {
    let (chinese, english) = match code {
        NoteCode::CarriedColumns => (
            "表中有未被框架引用的列，原样保留",
            "Columns that the framework does not name were carried along",
        ),
        NoteCode::NoDenominator => (
            "分母缺失或为零，无法计算",
            "The denominator is missing or 0, so there is no value",
        ),
        NoteCode::NotImputed => ("缺失值无法插补", "A missing value could not be imputed"),
        NoteCode::ScreenedOut => ("数据过少，未参与评分", "Left out for having too little data"),
        NoteCode::LimitLowered => (
            "样本单位较少，处理上限已下调",
            "A limit was lowered because there are few units",
        ),
        NoteCode::WinsorisingStopped => (
            "缩尾会使各单位数值相同，已停止",
            "Winsorising stopped where it would have made all units equal",
        ),
        NoteCode::Constant => (
            "各单位数值相同，不能区分高低",
            "All units are equal: it tells nothing apart",
        ),
        NoteCode::AllMissing => ("所有单位均缺失", "No unit has a value"),
        NoteCode::Capped => ("超出标杆值，按标杆值计", "Beyond a goalpost, held at it"),
        NoteCode::ManyCapped => (
            "超过五分之一的单位超出标杆值，请复核标杆值",
            "Over a fifth of the units lie beyond a goalpost: look at the goalposts again",
        ),
        NoteCode::NothingToReach => (
            "目标或参照不优于最差单位",
            "The target or reference is no better than the worst unit",
        ),
        NoteCode::ZeroScore => ("下级为零，使上级得分为零", "A child of 0 makes the score 0"),
        NoteCode::NoWeight => (
            "下级权重全部为零，无得分",
            "All weights below are 0, so there is no score",
        ),
        NoteCode::ZeroWeight => ("赋权方法给出的权重为零", "The method of weighting gives it weight 0"),
        NoteCode::GivenWeights => (
            "赋权方法不适用，沿用框架权重",
            "The method of weighting says nothing here: weights are as given",
        ),
        NoteCode::OptimisedWeights => (
            "权重使各下级的重要性符合设定",
            "With these weights the children are as important as wanted",
        ),
        NoteCode::NotOptimised => (
            "非负权重无法使重要性完全符合设定",
            "No weights of 0 or more make the children quite as important as wanted",
        ),
        NoteCode::InconsistentExpert => (
            "专家判断矩阵一致性比率超过0.1",
            "An expert's comparisons contradict one another (consistency ratio above 0.1)",
        ),
        NoteCode::TooManyUnits => ("数量过大，部分结果未编制", "Left out: not made of so many"),
        NoteCode::FewRespondents => ("样本较少，引用须谨慎", "Rests on few respondents: quote with care"),
        NoteCode::TooFewRespondents => ("样本过少，视为缺失", "Too few respondents: treated as missing"),
        NoteCode::PartlyAnswered => (
            "部分主体作答不足，未计入",
            "An actor type did not answer enough and is not in the figure",
        ),
        NoteCode::ActorAbsent => ("当地没有该类主体", "The unit does not have this actor type"),
        NoteCode::WithoutUnit => ("有答卷不属于任何评价单位", "Some responses belong to no unit"),
        NoteCode::Unreadable => (
            "部分答卷无法读取，未计入",
            "Some responses could not be read and were left out",
        ),
        NoteCode::UnitWeights => (
            "未提供抽样权重，各答卷同等计入",
            "No sampling weights were given: every response counts the same",
        ),
        NoteCode::RegisterLacks => (
            "名录中没有（或少于）作答单位所在的层",
            "The register lacks what respondents belong to, or has fewer than answered",
        ),
        NoteCode::JoinedCells => (
            "答卷少于3份的加权单元与规模相邻的单元合并",
            "Cells with fewer than 3 respondents are weighted with their neighbour in size",
        ),
        NoteCode::NotCalibrated => (
            "权重在限定范围内无法达到名录的部分合计数",
            "Weights within their limits do not reach some totals of the register",
        ),
        NoteCode::TrimmedWeights => (
            "部分权重截尾于单元均值的三分之一或三倍",
            "Weights were held at a third or three times the mean of their cell",
        ),
        NoteCode::Imprecise => (
            "抽样误差超过数值的30%，引用须谨慎",
            "The sampling error is over 30 % of the figure: quote with care",
        ),
        NoteCode::RanksNoise => (
            "城市间差异不大于抽样误差，排名主要反映噪声",
            "Cities differ little more than by chance: it ranks noise",
        ),
        NoteCode::WeakScale => (
            "量表信度偏低（alpha低于0.6），各题项一致性不足",
            "The items of a scale agree little: alpha below 0.6",
        ),
        NoteCode::ReversedItem => (
            "量表中有题项与其余题项负相关，可能需要反向计分",
            "An item falls where the others of its scale rise: probably reverse-coded",
        ),
        NoteCode::SingleStratum => (
            "抽样层内仅有一份答卷，与规模相邻的层合并抽取",
            "A stratum with one respondent: drawn together with its neighbour in size",
        ),
        NoteCode::UnknownPopulation => (
            "抽样层的单位总数未知",
            "How many organisations a stratum has is not known",
        ),
        NoteCode::NotVaried => (
            "不确定性分析的部分内容未进行",
            "A part of the uncertainty analysis was not done",
        ),
        NoteCode::RunsWithoutScore => (
            "部分模拟没有可比的得分",
            "Runs of the uncertainty analysis have no comparable scores",
        ),
        NoteCode::RoundedUp => ("模拟次数向上取整", "The number of runs was rounded up"),
        NoteCode::AnsweredTwice => (
            "同一机构多次答复，每份均计为一家机构",
            "Organisations that answered more than once count as often",
        ),
        NoteCode::WeightedInOneRound => (
            "两轮中只有一轮按名录加权，变化包含加权的影响",
            "Only one of the two rounds is weighted to a register: changes are also those of the weights",
        ),
        NoteCode::OtherVersion => (
            "用于比较的结果由另一版本的程序生成",
            "Another version of the program made the result that is compared with",
        ),
        NoteCode::UnitsDiffer => (
            "部分单位只在其中一个结果中，未作比较",
            "Units that only one of the two results has are not compared",
        ),
        NoteCode::FrameworkDiffers => (
            "两个结果所用框架不同",
            "The frameworks of the two results are not the same",
        ),
        NoteCode::CommonFrame => (
            "比较时两轮在同一尺度内评分，与单独评分不同",
            "For the comparison both rounds are measured in one frame: scores differ from those of this round alone",
        ),
        NoteCode::NotDecomposed => (
            "该合成方法的变化未分解为贡献",
            "Under this way to aggregate changes are not taken apart",
        ),
        NoteCode::NoChangeIntervals => ("变化没有区间", "Changes have no intervals"),
        NoteCode::IndependentSamples => (
            "变化的抽样区间按两个独立样本计算，偏宽",
            "Sampling intervals of changes are those of independent samples: rather too wide",
        ),
        NoteCode::EstimatedAgain => (
            "上一轮的数据由其答卷重新估计，与原结果不同",
            "Figures of the earlier round were estimated again from its responses and differ from its result",
        ),
        NoteCode::NoPanel => (
            "两轮均答复的机构过少，未单独评分",
            "The organisations in both rounds are not scored alone",
        ),
        NoteCode::AlreadyThere => ("已达到该水平，未作提升", "At that level already: not raised"),
        NoteCode::NothingToRaise => ("数值缺失，无从提升", "No value to be raised"),
        NoteCode::BeyondScale => (
            "超出本次评价的最好或最差单位，得分超出量程",
            "Beyond the best or worst unit of the assessment, and so beyond the ends of the scale",
        ),
        NoteCode::NotImproved => ("无法改进，未计入", "Cannot be improved: left out"),
        NoteCode::NotTold => (
            "未知抽样误差，优势与劣势未排除偶然性",
            "Strengths and weaknesses are not told from chance",
        ),
        NoteCode::LowestPlace => (
            "部分答卷按名录计入所填地区内的下级地区",
            "Responses count in the place of the register, which lies in the one that they name",
        ),
        NoteCode::OfficialUnknown => (
            "不知官方数据是否包含下级地区，合计地区的官方数据视为缺失",
            "Whether official figures include the parts of a place is not known: missing in its roll-up",
        ),
        NoteCode::NotBeside => (
            "所用方法不能为排名以外的地区评分",
            "The methods have no score for what stands beside the units",
        ),
        NoteCode::Influential => (
            "去掉一份答卷，指数得分或名次的变动即超过抽样区间宽度的一半",
            "Without a single respondent the index or its rank moves by more than half of its sampling interval",
        ),
        NoteCode::NoInfluence => (
            "单份答卷的影响未计算",
            "The influence of single respondents is not worked out",
        ),
        NoteCode::NotStandardised => ("指标未作结构标准化", "Figures are not standardised"),
        NoteCode::StructureCollapsed => (
            "标准化时，没有答卷的行业由同规模代表，没有答卷的规模由全部答卷代表",
            "For standardised figures size classes stand for sectors without respondents, and all respondents for size classes without any",
        ),
        NoteCode::NoMarginalReturns => ("所用方法没有边际效应", "The method has no marginal returns"),
    };
    context.wording.say(chinese, english)
}

/// One line per kind of note, with the elements that it is about.
pub(super) fn digest(context: &Context<'_>) -> Vec<String> {
    let mut about: IndexMap<NoteCode, Vec<&str>> = IndexMap::new();
    let is_told = |note: &&Note| context.report.edition == Edition::Analysis || note.code != NoteCode::Influential;
    for note in context.report.assessment.notes.iter().filter(is_told) {
        let elements = about.entry(note.code).or_default();
        if let Some(element) = note.element.as_deref()
            && !elements.contains(&element)
        {
            elements.push(element);
        }
    }
    let line = |(code, elements): (NoteCode, Vec<&str>)| match elements.as_slice() {
        [] => meaning(context, code),
        elements => format!("{}: {}", meaning(context, code), elements.join(", ")),
    };
    about.into_iter().map(line).collect()
}

/// What a note is about: its element and units.
pub(super) fn subject(context: &Context<'_>, note: &Note) -> String {
    let units: Vec<String> = note.units.iter().map(|unit| context.unit(unit)).collect();
    let parts = [note.element.clone().unwrap_or_default(), units.join(", ")];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(": ")
}

/// All that a note says; none where its figures are not for the edition.
pub(super) fn words(context: &Context<'_>, note: &Note) -> Option<String> {
    let meaning = meaning(context, note.code);
    if scale_notes::is_about_scale(note) {
        let figures = scale_notes::figures(context, note)?;
        return Some(format!("{meaning}: {figures}"));
    }
    Some(format!("{meaning} ({})", note.message))
}

/// A line for each note: what it is about, and what it says.
pub(super) fn write(context: &Context<'_>, sheet: &mut Sheet<'_>, told: &[Note]) -> Result<(), XlsxError> {
    for note in told {
        let subject = subject(context, note);
        let colon = if subject.is_empty() { "" } else { ": " };
        sheet.line(&format!("{subject}{colon}{}", meaning(context, note.code)))?;
    }
    if !told.is_empty() {
        sheet.skip(1);
    }
    Ok(())
}
