//! The methodology sheet: the steps in the order they were taken, and every indicator with formula and source.

use rust_xlsxwriter::{Worksheet, XlsxError};

use super::sheet::{Cell, Column};
use super::{Context, METHODOLOGY};
use crate::scoring::{
    Absent, AggregateMethod, Element, ImputeMethod, Indicator, Measure, MeasureKind, NormaliseMethod, NotAsked, Origin,
    Part, ScreenMethod, TreatMethod, WeightMethod,
};

pub(super) fn write(context: &Context<'_>, worksheet: &mut Worksheet) -> Result<(), XlsxError> {
    let say = |chinese, english| context.wording.say(chinese, english);
    let mut sheet = context.sheet(
        worksheet,
        METHODOLOGY,
        (
            "方法依据：OECD/JRC《构建综合指标手册：方法论与用户指南》(2008)。",
            "Method: OECD/JRC, Handbook on Constructing Composite Indicators: Methodology and User Guide (2008).",
        ),
    )?;
    sheet.heading(&say("步骤", "Steps"))?;
    let steps: Vec<_> = steps(context)
        .into_iter()
        .zip(1..)
        .map(|((step, method), number)| vec![Cell::Count(number), Cell::Name(step), Cell::Text(method)])
        .collect();
    sheet.table(
        &[
            Column::new("", 16),
            Column::new(say("步骤", "Step"), 40),
            Column::new(say("方法", "Method"), 70),
        ],
        steps,
    )?;

    sheet.heading(&say("指标定义", "Indicators"))?;
    let rows: Vec<_> = context
        .report
        .framework
        .indicators()
        .map(|(_, element, indicator)| indicator_row(context, element, indicator))
        .collect();
    sheet.table(
        &[
            Column::new(say("代码", "Code"), 16),
            Column::new(say("指标", "Indicator"), 40),
            Column::new(say("计算公式", "Formula"), 70),
            Column::new(say("未询问", "Not asked"), 16),
            Column::new(say("来源", "Source"), 50),
        ],
        rows,
    )?;
    Ok(())
}

/// The steps that were taken, each with what was done.
fn steps(context: &Context<'_>) -> Vec<(String, String)> {
    let options = context.report.options;
    let say = |chinese: &str, english: &str| context.wording.say(chinese, english);
    let mut steps = Vec::new();
    if !context.report.assessment.cells.is_empty() {
        let responses = &options.responses;
        steps.push((
            say("由答卷计算指标", "From answers to indicators"),
            context.wording.say(
                &format!(
                    "计入状态为 {} 的答卷。样本少于{}家视为缺失，少于{}家加标记。“不知道”“拒绝回答”不进入该指标的基数；不同主体按固定份额合并。",
                    responses.states.join("、"), responses.minimum, responses.flag_below
                ),
                &format!(
                    "Responses in the states {} count. Fewer than {} respondents: missing; fewer than {}: flagged. Don't know and refused leave the base of that indicator; actor types are combined with fixed shares.",
                    responses.states.join(", "), responses.minimum, responses.flag_below
                ),
            ),
        ));
    }
    if options.denominate {
        steps.push((
            say("除以规模", "Denomination"),
            say("指标值除以所列分母。", "Values are divided by their denominators."),
        ));
    }
    if options.impute.method != ImputeMethod::None {
        steps.push((say("缺失值插补", "Imputation"), options.impute.method.name().to_owned()));
    }
    if options.screen.method != ScreenMethod::None {
        let share = 100.0 * options.screen.min_available;
        let words = context.wording.say(
            &format!("有数据的指标不足 {share:.0}% 的单位不参与评分。"),
            &format!("Units with fewer than {share:.0} % of their indicators are left out."),
        );
        steps.push((say("筛选", "Screening"), words));
    }
    if options.treat.method != TreatMethod::None {
        steps.push((
            say("异常值处理", "Treatment of outliers"),
            options.treat.method.name().to_owned(),
        ));
    }
    steps.push((say("标准化", "Normalisation"), normalisation(context)));
    let weights = match options.weights.method {
        WeightMethod::Given => say(
            "采用框架给定的权重，在有数据的下级之间重新归一。",
            "As the framework gives them, rescaled over the children that are present.",
        ),
        WeightMethod::Equal => say("同级等权。", "Equal within each parent."),
        WeightMethod::Pca => say(
            "第一主成分的系数（相关矩阵）。",
            "The coefficients of the first principal component of the correlation matrix.",
        ),
        WeightMethod::Factor => say(
            "因子分析法：最大方差旋转后载荷平方占比乘以因子方差贡献（OECD手册6.1节）。",
            "Factors: squared loadings after varimax, times the variance that the factor explains (OECD Handbook, 6.1).",
        ),
        WeightMethod::Optimised => say(
            "优化权重：使各下级与上级得分的相关系数符合设定比例。",
            "Optimised: the correlations of the children with their parent stand in the wanted proportions.",
        ),
        WeightMethod::Entropy => say(
            "熵权法：各下级得分占比的信息熵越小，权重越大（香农熵）。",
            "Entropy: the more unevenly a child's scores are spread over the units (Shannon), the greater its weight.",
        ),
        WeightMethod::Critic => say(
            "CRITIC法：标准差乘以与其他下级的冲突性之和 Σ(1 − r)。",
            "CRITIC: the standard deviation times the sum of 1 - r with the other children.",
        ),
        WeightMethod::BudgetAllocation => say(
            "专家打分分配法：各专家分配100分后合成。",
            "Budget allocation: experts share out 100 points, which are combined.",
        ),
        WeightMethod::Ahp => say(
            "层次分析法：专家两两比较，几何平均合成，主特征向量为权重。",
            "Analytic hierarchy process: pairwise comparisons, combined by the geometric mean; the principal eigenvector.",
        ),
        WeightMethod::BenefitOfTheDoubt => say(
            "有利赋权法（BoD）：每个单位取对其最有利的权重，由线性规划求得。",
            "Benefit of the doubt: for each unit the weights that are best for it, by a linear programme.",
        ),
    };
    steps.push((say("权重", "Weights"), weights));
    let share = 100.0 * options.aggregate.min_available;
    let rule = context.wording.say(
        &format!("下级有数据的比例低于 {share:.0}% 时，上级得分视为缺失。"),
        &format!("A score with fewer than {share:.0} % of its children is missing."),
    );
    steps.push((say("合成", "Aggregation"), format!("{} {rule}", aggregation(context))));
    steps.push((
        say("名次", "Ranks"),
        say(
            "1为最好；得分之差不超过相对10⁻¹²视为并列，取较小名次。",
            "1 is best; scores equal to a relative 10⁻¹² tie, and ties take the smallest rank.",
        ),
    ));
    steps
}

fn normalisation(context: &Context<'_>) -> String {
    let normalise = &context.report.options.normalise;
    let (low, high) = (normalise.low, normalise.high);
    let scale = |chinese: &str, english: &str| {
        context.wording.say(
            &format!("{chinese} 映射到 {low}–{high}。"),
            &format!("{english} onto {low}–{high}."),
        )
    };
    match normalise.method {
        NormaliseMethod::MinMax => scale(
            "最小值—最大值法：(x − min) / (max − min)，",
            "Min-max: (x - min) / (max - min),",
        ),
        NormaliseMethod::Goalposts => scale(
            "固定标杆值法：(x − 下限) / (上限 − 下限)，逆向指标取反，超出部分按标杆值计，",
            "Fixed goalposts: (x - low) / (high - low), reversed where less is better, held at the goalposts,",
        ),
        NormaliseMethod::ZScore => context.wording.say(
            "Z分数：(x − 均值) / 标准差 (n − 1)。",
            "Z-score: (x - mean) / standard deviation (n - 1).",
        ),
        other => other.name().to_owned(),
    }
}

fn aggregation(context: &Context<'_>) -> String {
    let aggregate = &context.report.options.aggregate;
    let name = |method: AggregateMethod| match method {
        AggregateMethod::Arithmetic => context
            .wording
            .say("加权算术平均：Σwx / Σw。", "Weighted arithmetic mean: Σwx / Σw."),
        AggregateMethod::Geometric => context.wording.say(
            "加权几何平均：(Πx^w)^(1/Σw)。",
            "Weighted geometric mean: (Πx^w)^(1/Σw).",
        ),
        AggregateMethod::Harmonic => context
            .wording
            .say("加权调和平均：Σw / Σ(w/x)。", "Weighted harmonic mean: Σw / Σ(w/x)."),
        AggregateMethod::Power => {
            let exponent = aggregate.exponent.unwrap_or(1.0);
            context.wording.say(
                &format!("加权幂平均：(Σwx^p / Σw)^(1/p)，p = {exponent}。"),
                &format!("Weighted power mean: (Σwx^p / Σw)^(1/p), p = {exponent}."),
            )
        }
        AggregateMethod::Copeland => context.wording.say(
            "Copeland法：优于其他单位的次数减去劣于其他单位的次数。",
            "Copeland: how many units a unit outranks, less those that outrank it.",
        ),
        AggregateMethod::Mpi => context.wording.say(
            "MPI：Z分数（均值100，标准差10）的均值减去不均衡惩罚 S²/M。",
            "MPI: the mean M of z-scores (mean 100, deviation 10) less the penalty S²/M for imbalance.",
        ),
        AggregateMethod::Ampi => context.wording.say(
            "AMPI：标杆值间70–130分的均值减去不均衡惩罚 S²/M。",
            "AMPI: the mean M of scores of 70 to 130 between goalposts less the penalty S²/M for imbalance.",
        ),
    };
    if aggregate.by_level.is_empty() {
        return name(aggregate.method);
    }
    let levels = aggregate.by_level.iter().zip(2..);
    let levels: Vec<String> = levels
        .map(|(method, level)| format!("{level}: {}", name(*method)))
        .collect();
    levels.join(" ")
}

fn indicator_row(context: &Context<'_>, element: &Element, indicator: &Indicator) -> Vec<Cell> {
    let (formula, not_asked) = match &indicator.origin {
        Origin::Column(column) => (column.clone(), String::new()),
        Origin::Statistics(column) => (
            format!("{}: {column}", context.wording.say("官方统计", "official statistics")),
            String::new(),
        ),
        Origin::Answers { parts, absent, .. } => {
            let mut lines: Vec<String> = parts
                .iter()
                .map(|part| part_line(context, part, parts.len() > 1))
                .collect();
            if parts.len() > 1 {
                lines.push(match absent {
                    Absent::Zero => context.wording.say("当地无该主体：计0", "actor type absent: 0"),
                    Absent::Exclude => context.wording.say(
                        "当地无该主体：其余份额归一",
                        "actor type absent: shares of the others rescaled",
                    ),
                });
            }
            (lines.join("\n"), base(context, parts))
        }
    };
    vec![
        Cell::Code(element.id.clone()),
        Cell::Text(context.wording.text(&element.label)),
        Cell::Code(formula),
        Cell::Text(not_asked),
        Cell::Text(context.wording.text(&indicator.source)),
    ]
}

/// One actor type's formula, with its share where there are several.
fn part_line(context: &Context<'_>, part: &Part, several: bool) -> String {
    let actor = context.report.framework.actors().get(&part.actor);
    let actor = actor.map_or_else(|| part.actor.clone(), |actor| context.wording.text(&actor.label));
    let condition = part
        .condition
        .as_ref()
        .map_or_else(String::new, |written| format!(" | {}", written.source));
    let share = if several {
        format!("{} × ", part.share)
    } else {
        String::new()
    };
    format!("{share}{actor}: {}{condition}", measure(&part.measure))
}

fn measure(measure: &Measure) -> String {
    let sources: Vec<&str> = measure.formulas.all().iter().map(|of| of.source.as_str()).collect();
    let [of, over] = [0, 1].map(|at| sources.get(at).copied().unwrap_or_default());
    let formula = match measure.kind {
        MeasureKind::Ratio | MeasureKind::Per => format!("Σw·({of}) / Σw·({over})"),
        MeasureKind::Share => format!("Σw·[{of}] / Σw"),
        MeasureKind::Mean => format!("Σw·({of}) / Σw"),
        MeasureKind::Median => format!("median_w({of})"),
        MeasureKind::Items => format!("Σw·mean({}) / Σw", sources.join("; ")),
        MeasureKind::Sum => format!("Σw·({of})"),
        MeasureKind::Count => format!("Σw·[{of}]"),
    };
    if (measure.scale - 1.0).abs() < f64::EPSILON {
        formula
    } else {
        format!("{} × {formula}", measure.scale)
    }
}

/// What a question that was not asked counts as.
fn base(context: &Context<'_>, parts: &[Part]) -> String {
    let mut said: Vec<String> = Vec::new();
    for not_asked in parts.iter().filter_map(|part| part.not_asked) {
        let words = match not_asked {
            NotAsked::Zero => context.wording.say("计0", "zero"),
            NotAsked::Exclude => context.wording.say("不进入基数", "out of the base"),
        };
        if !said.contains(&words) {
            said.push(words);
        }
    }
    said.join(", ")
}
