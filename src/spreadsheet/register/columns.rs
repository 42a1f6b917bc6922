//! The columns of a register, by the words that head them.

use crate::definition::Language;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Column {
    Code,
    Name,
    City,
    Sector,
    Size,
    Stratum,
    Weight,
    Employees,
    Confidential,
    Listed,
    InFrame,
    Address,
    Latitude,
    Longitude,
}

/// What is said of a column: its headers, other headers for it, and how it is filled in.
pub(super) struct About {
    pub column: Column,
    pub zh: &'static str,
    pub en: &'static str,
    aliases: &'static [&'static str],
    pub how_zh: &'static str,
    pub how_en: &'static str,
}

/// All columns, in the order of the blank workbook.
pub(super) const COLUMNS: [About; 14] = [
    About {
        column: Column::Code,
        zh: "统一社会信用代码",
        en: "Unified social credit code",
        aliases: &["信用代码", "社会信用代码", "code", "credit code", "credit_code", "uscc"],
        how_zh: "必填，18 位。同一代码只能出现一次。",
        how_en: "Needed: 18 characters. Each code once.",
    },
    About {
        column: Column::Name,
        zh: "单位名称",
        en: "Name",
        aliases: &[
            "名称",
            "企业名称",
            "机构名称",
            "单位",
            "organisation",
            "organization",
            "org_name",
        ],
        how_zh: "必填。",
        how_en: "Needed.",
    },
    About {
        column: Column::City,
        zh: "城市",
        en: "City",
        aliases: &["市县", "地区", "所在地", "所在城市", "place", "city code", "城市代码"],
        how_zh: "必填，名称或代码。",
        how_en: "Needed: the name or the code.",
    },
    About {
        column: Column::Sector,
        zh: "行业",
        en: "Sector",
        aliases: &["行业门类", "所属行业", "section", "industry"],
        how_zh: "名称或代码。",
        how_en: "The name or the code.",
    },
    About {
        column: Column::Size,
        zh: "规模",
        en: "Size class",
        aliases: &["规模类型", "企业规模", "单位规模", "size", "size_class"],
        how_zh: "名称或代码。",
        how_en: "The name or the code.",
    },
    About {
        column: Column::Stratum,
        zh: "抽样层",
        en: "Stratum",
        aliases: &["层", "strata"],
        how_zh: "留空则按城市和规模分层。",
        how_en: "Empty: by city and size class.",
    },
    About {
        column: Column::Weight,
        zh: "权重",
        en: "Weight",
        aliases: &["抽样权重", "sampling weight", "sampling_weight"],
        how_zh: "大于 0 的数字；一般留空。",
        how_en: "A number above 0; usually empty.",
    },
    About {
        column: Column::Employees,
        zh: "从业人数",
        en: "Persons employed",
        aliases: &["从业人员", "从业人员数", "职工人数", "employees", "staff"],
        how_zh: "整数。",
        how_en: "A whole number.",
    },
    About {
        column: Column::Confidential,
        zh: "保密",
        en: "Confidential",
        aliases: &["是否保密"],
        how_zh: "是或否；留空为是。公共机构可填否。",
        how_en: "Yes or no; empty is yes. No for public bodies.",
    },
    About {
        column: Column::Listed,
        zh: "全数调查",
        en: "Listed",
        aliases: &["名录", "必查", "take all", "census"],
        how_zh: "是或否；留空为否。",
        how_en: "Yes or no; empty is no.",
    },
    About {
        column: Column::InFrame,
        zh: "在册",
        en: "In frame",
        aliases: &["是否在册", "in_frame", "active"],
        how_zh: "是或否；留空为是。注销或不属调查范围的填否。",
        how_en: "Yes or no; empty is yes. No where it was closed or is out of scope.",
    },
    About {
        column: Column::Address,
        zh: "地址",
        en: "Address",
        aliases: &["详细地址", "单位地址"],
        how_zh: "文字。",
        how_en: "Text.",
    },
    About {
        column: Column::Latitude,
        zh: "纬度",
        en: "Latitude",
        aliases: &["lat"],
        how_zh: "十进制度数，如 47.7275。",
        how_en: "Decimal degrees, such as 47.7275.",
    },
    About {
        column: Column::Longitude,
        zh: "经度",
        en: "Longitude",
        aliases: &["lon", "lng", "long"],
        how_zh: "十进制度数，如 128.8411。",
        how_en: "Decimal degrees, such as 128.8411.",
    },
];

impl About {
    /// The header in a language.
    pub fn header(&self, language: Language) -> &'static str {
        language.choose(self.zh, self.en)
    }
}

/// The column that a header heads.
pub(super) fn known(header: &str) -> Option<Column> {
    let header = tidy(header);
    let found = COLUMNS.iter().find(|about| {
        [about.zh, about.en]
            .iter()
            .chain(about.aliases)
            .any(|word| tidy(word) == header)
    });
    found.map(|about| about.column)
}

/// What is said of a column.
pub(super) fn about(column: Column) -> &'static About {
    let [first, ..] = &COLUMNS;
    COLUMNS.iter().find(|about| about.column == column).unwrap_or(first)
}

/// A word without what people add to headers: spaces, stars, brackets with units, case.
pub(super) fn tidy(word: &str) -> String {
    let bare = word.split(['(', '（']).next().unwrap_or_default();
    let bare = if bare.trim().is_empty() { word } else { bare };
    bare.chars()
        .filter(|character| !character.is_whitespace() && !matches!(character, '*' | ':' | '：' | '_'))
        .flat_map(char::to_lowercase)
        .collect()
}
