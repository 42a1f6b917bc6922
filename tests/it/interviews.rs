//! Interviews with the survey content: who is asked what, which rules hold, and the indicators against values worked
//! out by hand.

use std::path::Path;
use std::sync::Arc;

use chrono::DateTime;
use innogauge::definition::{Definition, InterviewLength, load_folder};
use innogauge::expression::WallClock;
use innogauge::response::{Answers, Door, Form, InstanceId, Problem, Processed, Received, process};
use innogauge::scoring::{Framework, Intake, Profiler};
use serde_json::{Map, Value as Json, json};

/// The content of `survey_defs`, ready to take answers.
struct Content {
    enterprise: Arc<Form>,
    institution: Arc<Form>,
    framework: Framework,
}

impl Content {
    fn load() -> Self {
        let folder = load_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("survey_defs"))
            .unwrap_or_else(|errors| panic!("{errors:#?}"))
            .value;
        let surveys: Vec<&Definition> = folder.surveys.iter().map(|survey| &survey.definition).collect();
        let source = folder.framework.clone().expect("framework.yaml");
        let framework = Framework::from_yaml(&source.name, &source.text, &surveys)
            .unwrap()
            .value;
        let form = |id: &str| {
            let found = surveys.iter().find(|definition| definition.survey() == id).unwrap();
            Form::new((*found).clone())
        };
        Self {
            enterprise: form("enterprise"),
            institution: form("institution"),
            framework,
        }
    }

    /// An organisation's own value of an indicator.
    fn value(&self, interview: &Processed, indicator: &str) -> Option<f64> {
        let intake = Arc::new(Intake::new(&self.framework, interview.answers.form()));
        let stored = serde_json::to_vec(&interview.answers.to_json()).unwrap();
        let values = Profiler::new(&self.framework, &intake).values(&stored).unwrap();
        let position = self
            .framework
            .indicators()
            .position(|(_, element, _)| element.id == indicator);
        values[position.unwrap_or_else(|| panic!("no indicator {indicator}"))]
    }

    fn expect(&self, interview: &Processed, values: &[(&str, Option<f64>)]) {
        for (indicator, expected) in values {
            let found = self.value(interview, indicator);
            let same = match (found, expected) {
                (Some(found), Some(expected)) => (found - expected).abs() < 1e-9,
                (found, expected) => found.is_none() && expected.is_none(),
            };
            assert!(same, "{indicator} is {found:?}, worked out by hand {expected:?}");
        }
    }
}

/// The answers by name, put into their groups; a later pair replaces an earlier one of the same name.
fn nested(form: &Form, answers: &[(&str, Json)]) -> Json {
    let mut root = Map::new();
    for (name, answer) in answers {
        let id = form.find(name).unwrap_or_else(|| panic!("no question {name}"));
        let mut groups: Vec<&str> = form.ancestors(id).map(|group| group.name.as_str()).collect();
        groups.reverse();
        let place = groups.into_iter().fold(&mut root, |around, group| {
            around
                .entry(group)
                .or_insert_with(|| json!({}))
                .as_object_mut()
                .unwrap()
        });
        place.insert((*name).to_owned(), answer.clone());
    }
    Json::Object(root)
}

fn interview(form: &Arc<Form>, answers: &[(&str, Json)]) -> Processed {
    let (answers, problems) = Answers::from_json(form, &nested(form, answers));
    let at = DateTime::parse_from_rfc3339("2026-06-01T09:00:00+08:00").unwrap();
    process(Received::new(answers, problems, Door::Json, at), &WallClock)
}

/// The questions that were asked.
fn asked(interview: &Processed) -> Vec<&str> {
    let form = interview.answers.form();
    form.questions()
        .filter(|(element, question_type)| {
            question_type.is_asked() && interview.answers.is_asked(InstanceId::ROOT, element.id)
        })
        .map(|(element, _)| element.name.as_str())
        .collect()
}

fn calculated(interview: &Processed, name: &str) -> String {
    let id = interview.answers.form().find(name).unwrap();
    interview
        .answers
        .get(id)
        .value()
        .map(|value| value.to_text().into_owned())
        .unwrap_or_default()
}

fn questions(findings: &[Problem]) -> Vec<&str> {
    findings
        .iter()
        .map(|finding| finding.path.rsplit('/').next().unwrap_or_default())
        .collect()
}

fn with(base: Vec<(&'static str, Json)>, more: &[(&'static str, Json)]) -> Vec<(&'static str, Json)> {
    base.into_iter().chain(more.iter().cloned()).collect()
}

/// A shop of 12 persons that did not innovate and does not plan to.
fn shop() -> Vec<(&'static str, Json)> {
    vec![
        ("consent", json!("1")),
        ("city", json!("230781")),
        ("org_name", json!("铁力市绿色食品商店")),
        ("credit_code", json!("91230700MA1B000007")),
        ("ownership", json!("private")),
        ("founding_year", json!(2012)),
        ("section", json!("F")),
        ("division", json!("52")),
        ("employees", json!(12)),
        ("graduates", json!(3)),
        ("turnover", json!(600)),
        ("operating_costs", json!(450)),
        ("declared_size", json!("small")),
        ("product_innovation", json!(["none"])),
        ("process_innovation", json!(["none"])),
        ("innovation_activities", json!(["none"])),
        ("planned", json!("0")),
        ("innovation_importance", json!("important")),
        ("training_cost", json!(0.6)),
        ("linked_actors", json!(["none"])),
        ("intermediary_services", json!(["none"])),
        ("ipr", json!(["trademark"])),
        ("licensed_out", json!("0")),
        ("ip_protection", json!("effective")),
        ("platforms_used", json!(["none"])),
        ("ict_speed", json!("4")),
        ("ict_capacity", json!("3")),
        ("ict_cost", json!("2")),
        ("digital_use", json!(["none"])),
        ("support", json!("not_applied")),
        ("tax_deduction", json!("unaware")),
        ("external_finance", json!(["none"])),
        ("new_ways", json!(["none"])),
        ("reasons", json!(["no_need", "finance"])),
    ]
}

/// A maker of mining machines of 200 persons that does everything.
fn maker() -> Vec<(&'static str, Json)> {
    let mut answers = shop();
    answers.retain(|(name, _)| *name != "reasons");
    with(
        answers,
        &[
            ("section", json!("C")),
            ("division", json!("35")),
            ("employees", json!(400)),
            ("graduates", json!(100)),
            ("turnover", json!(10_000)),
            ("operating_costs", json!(6_000)),
            ("declared_size", json!("medium")),
            ("product_innovation", json!(["goods"])),
            ("process_innovation", json!(["production", "logistics"])),
            ("innovation_activities", json!(["rd_inhouse", "ongoing"])),
            ("share_new_market", json!(10)),
            ("share_new_firm", json!(20)),
            ("share_unchanged", json!(70)),
            ("cost_savings", json!(60)),
            ("planned", json!("1")),
            ("strategy", json!("written")),
            ("idea_scheme", json!("implemented")),
            ("competition", json!("novelty")),
            ("main_market", json!("national")),
            ("failure_tolerated", json!("4")),
            ("failure_learned", json!("5")),
            ("risk_taken", json!("3")),
            ("rd_inhouse", json!(300)),
            ("rd_government", json!(50)),
            ("rd_external", json!(100)),
            ("rd_persons", json!(20)),
            ("rd_fte", json!(10)),
            ("rd_unit", json!("1")),
            ("rd_staff_start", json!(16)),
            ("rd_staff_stayed", json!(12)),
            ("rd_hires", json!(8)),
            ("rd_leavers", json!(4)),
            ("training_cost", json!(20)),
            ("vacancies", json!(10)),
            ("hard_vacancies", json!(3)),
            ("other_innovation", json!(100)),
            ("coop_partners", json!(["suppliers", "universities", "nonprofit"])),
            ("where_suppliers", json!(["national"])),
            ("where_universities", json!(["local", "province"])),
            ("where_nonprofit", json!(["province"])),
            ("linked_actors", json!(["research", "government"])),
            ("link_research", json!("5")),
            ("link_government", json!("3")),
            ("intermediary_services", json!(["ip"])),
            ("ipr", json!(["invention", "trademark"])),
            ("patents", json!(8)),
            ("patents_used", json!(4)),
            ("licensed_out", json!("1")),
            ("licence_income", json!(40)),
            ("licence_spend", json!(20)),
            ("platforms_used", json!(["testing"])),
            ("digital_use", json!(["management", "ai"])),
            ("ai_methods", json!(["vision"])),
            ("software_spend", json!(50)),
            ("support", json!("received")),
            ("tax_deduction", json!("claimed")),
            ("external_finance", json!(["equity_failed", "credit_obtained"])),
            ("new_ways", json!(["business_model", "customised"])),
            ("barrier_finance", json!("3")),
            ("barrier_cost", json!("3")),
            ("barrier_skills", json!("5")),
            ("barrier_regulation", json!("2")),
            ("barrier_rigidity", json!("1")),
            ("barrier_risk", json!("3")),
            ("barrier_information", json!("2")),
            ("barrier_demand", json!("2")),
            ("barrier_partners", json!("2")),
            ("energy_use", json!(1_000)),
            ("renewable_share", json!(20)),
            ("co2e", json!(2_600)),
            ("eco_benefits", json!(["energy", "recycling"])),
            ("eco_significant", json!(["recycling"])),
            ("product_lines", json!(3)),
            ("line_first", json!(50)),
            ("line_second", json!(30)),
            ("line_rest", json!(20)),
        ],
    )
}

#[test]
fn an_enterprise_that_does_not_innovate_is_asked_under_forty_questions() {
    let content = Content::load();
    let sent = interview(&content.enterprise, &shop());
    assert!(
        sent.is_sound() && sent.warnings.is_empty(),
        "{:#?}",
        sent.findings().collect::<Vec<_>>()
    );
    assert_eq!(asked(&sent).len(), 35, "two of them on its trademark");
    content.expect(
        &sent,
        &[
            ("A1", Some(0.0)),
            ("A2", None),
            ("A4", Some(100.0)),
            ("A5", Some(0.0)),
            ("B1", Some(25.0)),
            ("B2", Some(0.0)),
            ("B3", Some(500.0)),
            ("C5", Some(100.0)),
            ("D1", Some(0.0)),
            ("D5", Some(50.0)),
            ("D6", Some(0.0)),
            ("D7", Some(0.0)),
            ("E1", Some(0.0)),
            ("E1c", None),
            ("E2", Some(0.0)),
            ("E4", None),
            ("E6", Some(0.0)),
            ("F3", Some(0.0)),
            ("G1", Some(0.0)),
            ("G4", Some(0.0)),
            ("I1", Some(0.0)),
            ("I3", Some(0.0)),
            ("I5", Some(0.0)),
            ("I6", Some(100.0)),
            ("J1", Some(0.0)),
            ("J2", None),
            ("J5", Some(0.0)),
            ("J7", Some(0.0)),
        ],
    );

    // A mine that uses much energy and software, and gives a telephone, has the longest way through without innovation.
    let mine = with(
        shop(),
        &[
            ("section", json!("B")),
            ("division", json!("06")),
            ("ipr", json!(["none"])),
            ("energy_use", json!(6_000)),
            ("renewable_share", json!(0)),
            ("co2e", json!(15_000)),
            ("resource_share", json!(90)),
            ("digital_use", json!(["management"])),
            ("software_spend", json!(5)),
            ("contact_name", json!("李明")),
            ("contact_phone", json!("0468-3350000")),
        ],
    );
    assert_eq!(asked(&interview(&content.enterprise, &mine)).len(), 39);

    // No such enterprise is asked more, whatever else it answers.
    let profile = &content.enterprise.profiles()["no_innovation"];
    let length = InterviewLength::given(&content.enterprise, profile.answers());
    assert!(length.exact && length.longest == 39, "{length:?}");
}

#[test]
fn an_enterprise_that_does_everything_gives_the_indicators_worked_out_by_hand() {
    let content = Content::load();
    let sent = interview(&content.enterprise, &maker());
    assert!(
        sent.is_sound() && sent.warnings.is_empty(),
        "{:#?}",
        sent.findings().collect::<Vec<_>>()
    );
    for (name, value) in [
        ("innovation_active", "1"),
        ("size", "medium"),
        ("pillar", "equipment"),
        ("stratum", "230781-medium"),
        ("in_scope", "1"),
    ] {
        assert_eq!(calculated(&sent, name), value, "{name}");
    }
    content.expect(
        &sent,
        &[
            ("A1", Some(100.0)),
            ("A2", Some(75.0)),
            ("A3", Some(100.0)),
            ("A6", Some(0.0)),
            ("B1", Some(25.0)),
            ("B2", Some(2.5)),
            ("B3", Some(500.0)),
            ("B4", Some(25.0)),
            ("B5", Some(75.0)),
            ("B6", Some(30.0)),
            ("C1", Some(100.0)),
            ("C2", Some(100.0)),
            ("C3", Some(100.0)),
            ("C4", Some(25.0)),
            ("D1", Some(100.0)),
            ("D2", Some(100.0)),
            ("D6", Some(0.5)),
            ("D7", Some(100.0)),
            ("E1", Some(100.0)),
            ("E2", Some(3.0)),
            ("E3", Some(100.0)),
            ("E4", Some(100.0)),
            // (4 + 2) of 5 · 4 steps.
            ("E6", Some(30.0)),
            ("F1", Some(100.0)),
            ("F3", Some(100.0)),
            ("F4", Some(50.0)),
            ("F5", Some(2.0)),
            ("G1", Some(5.0)),
            ("G2", Some(3.0)),
            ("G3", Some(50.0)),
            ("G4", Some(100.0)),
            ("H2", Some(100.0)),
            ("H3", Some(100.0)),
            ("H5", Some(100.0)),
            ("I1", Some(100.0)),
            ("I2", Some(100.0)),
            ("I3", Some(30.0)),
            ("I4", Some(10.0)),
            ("I5", Some(1.0)),
            ("I7", Some(80.0)),
            ("I8", Some(0.0)),
            ("J1", Some(100.0)),
            // 1,000 t of standard coal are 8,141 MWh; the turnover is 100 million yuan.
            ("J2", Some(81.41)),
            ("J3", Some(26.0)),
            ("J4", Some(20.0)),
            ("J6f", Some(0.62)),
            ("J7", Some(100.0)),
        ],
    );
}

#[test]
fn dont_know_leaves_the_base_and_is_never_a_no_or_a_zero() {
    let content = Content::load();
    let unknown = json!({"missing": "dont_know"});
    let sent = interview(
        &content.enterprise,
        &with(
            maker(),
            &[
                ("rd_inhouse", unknown.clone()),
                ("tax_deduction", json!("dont_know")),
                ("planned", json!("dont_know")),
            ],
        ),
    );
    assert!(sent.is_sound(), "{:#?}", sent.problems);
    content.expect(
        &sent,
        &[
            ("G1", None),
            ("G2", None),
            ("A5", None),
            ("C3", None),
            ("H5", None),
            ("D6", Some(0.5)),
        ],
    );
}

#[test]
fn what_cannot_be_is_refused_and_what_is_unlikely_is_asked_again() {
    let content = Content::load();
    for (name, answer) in [
        ("consent", json!("0")),
        ("credit_code", json!("91230700MA1B000008")),
        ("credit_code", json!("91230700ma1b000007")),
        ("founding_year", json!(1812)),
        ("employees", json!(0)),
        ("graduates", json!(401)),
        ("turnover", json!(-1)),
        ("share_unchanged", json!(60)),
        ("cost_savings", json!(6_001)),
        ("rd_government", json!(301)),
        ("rd_persons", json!(401)),
        ("rd_fte", json!(20.5)),
        ("rd_staff_stayed", json!(17)),
        ("hard_vacancies", json!(11)),
        ("patents_used", json!(9)),
        ("renewable_share", json!(101)),
        ("line_second", json!(51)),
        ("platforms_used", json!(["none", "testing"])),
    ] {
        let sent = interview(&content.enterprise, &with(maker(), &[(name, answer.clone())]));
        assert!(
            questions(&sent.problems).contains(&name),
            "{name} {answer}: {:#?}",
            sent.problems
        );
        let said = sent
            .problems
            .iter()
            .find(|problem| problem.path.ends_with(name))
            .unwrap();
        assert_ne!(said.message("zh"), said.message("en"), "both languages say what to do");
    }
    for (name, answer) in [
        ("city", json!("230400")),
        ("turnover", json!(100_000_000)),
        ("turnover", json!(100)),
        ("rd_inhouse", json!(5_001)),
        ("declared_size", json!("large")),
        ("co2e", json!(7_000)),
    ] {
        let sent = interview(&content.enterprise, &with(maker(), &[(name, answer.clone())]));
        let about = if name == "city" { "credit_code" } else { name };
        assert!(
            questions(&sent.warnings).contains(&about),
            "{name} {answer}: {:#?}",
            sent.warnings
        );
    }
    let few = interview(
        &content.enterprise,
        &with(shop(), &[("employees", json!(9)), ("graduates", json!(1))]),
    );
    assert!(questions(&few.warnings).contains(&"employees"));
    assert_eq!(calculated(&few, "in_scope"), "0");
}

#[test]
fn the_size_class_follows_the_standard_of_2017() {
    let content = Content::load();
    for (section, division, employees, turnover, more, size) in [
        ("C", "34", 1_000, 40_000, None, "large"),
        ("C", "34", 999, 40_000, None, "medium"),
        ("C", "34", 1_000, 1_999, None, "small"),
        ("B", "06", 19, 40_000, None, "micro"),
        ("A", "01", 3, 500, None, "medium"),
        ("E", "47", 3, 80_000, Some(("assets", json!(4_999))), "small"),
        ("F", "51", 200, 40_000, None, "large"),
        ("F", "52", 50, 499, None, "small"),
        ("G", "54", 300, 3_000, None, "medium"),
        ("G", "59", 100, 1_000, None, "medium"),
        ("H", "62", 99, 2_000, None, "small"),
        ("I", "64", 100, 1_000, None, "medium"),
        ("I", "65", 10, 50, None, "small"),
        (
            "K",
            "70",
            10,
            1_000,
            Some(("real_estate_kind", json!("management"))),
            "micro",
        ),
        ("L", "72", 300, 1, Some(("assets", json!(120_000))), "large"),
        ("R", "88", 100, 1, None, "medium"),
    ] {
        let figures = [
            ("section", json!(section)),
            ("division", json!(division)),
            ("employees", json!(employees)),
            ("turnover", json!(turnover)),
        ];
        let answers = with(with(shop(), &figures), &more.into_iter().collect::<Vec<_>>());
        let sent = interview(&content.enterprise, &answers);
        assert_eq!(
            calculated(&sent, "size_class"),
            size,
            "{division}: {employees} persons, {turnover}"
        );
    }
}

/// What every institution is asked, with its linked actors.
fn institution(actor_type: &str, linked: &str) -> Vec<(&'static str, Json)> {
    let link = match linked {
        "enterprise" => "link_enterprise",
        _ => "link_research",
    };
    let mut answers = vec![
        ("consent", json!("1")),
        ("city", json!("230700")),
        ("org_name", json!("伊春市某单位")),
        ("credit_code", json!("12230700MB1B00000E")),
        ("actor_type", json!(actor_type)),
        ("employees", json!(100)),
        ("linked_actors", json!([linked])),
        (link, json!("5")),
        ("ict_speed", json!("5")),
        ("ict_capacity", json!("5")),
        ("ict_cost", json!("5")),
    ];
    for barrier in [
        "barrier_finance",
        "barrier_cost",
        "barrier_skills",
        "barrier_regulation",
        "barrier_rigidity",
        "barrier_risk",
        "barrier_information",
        "barrier_demand",
        "barrier_partners",
    ] {
        answers.push((barrier, json!("2")));
    }
    answers
}

#[test]
fn each_kind_of_institution_is_asked_its_own_branch_and_gives_its_own_indicators() {
    let content = Content::load();
    let research = [
        ("strategy", json!("written")),
        ("failure_tolerated", json!("3")),
        ("failure_learned", json!("3")),
        ("risk_taken", json!("3")),
        ("research_kind", json!("university")),
        ("graduates", json!(90)),
        ("rd_persons", json!(50)),
        ("rd_fte", json!(40)),
        ("rd_staff_start", json!(40)),
        ("rd_staff_stayed", json!(30)),
        ("rd_hires", json!(20)),
        ("rd_leavers", json!(12)),
        ("vacancies", json!(0)),
        ("rd_income", json!(2_000)),
        ("rd_income_enterprises", json!(500)),
        ("coop_partners", json!(["large_firms", "small_firms"])),
        ("coop_where", json!(["province"])),
        ("platforms_used", json!(["none"])),
        ("patents", json!(20)),
        ("patents_used", json!(5)),
        ("licensed_out", json!("0")),
        ("licence_spend", json!(0)),
        ("spinoffs", json!(2)),
        ("professionals", json!(80)),
        ("tech_contracts", json!(16)),
        ("contract_value", json!(900)),
        ("ip_protection", json!("slightly")),
    ];
    let government = [
        ("policy_instruments", json!(["grants"])),
        ("department_budget", json!(5_000)),
        ("innovation_budget", json!(1_000)),
        ("applications", json!(0)),
        ("evaluated", json!("0")),
    ];
    let finance = [
        ("finance_kind", json!("bank")),
        ("finance_products", json!(["credit"])),
        ("sme_loans", json!(80_000)),
        ("tech_sme_loans", json!(4_000)),
        ("loan_applications", json!(50)),
        ("loans_granted", json!(20)),
    ];
    let incubator = [
        ("strategy", json!("no")),
        ("places", json!(40)),
        ("places_occupied", json!(30)),
        ("tenants_new", json!(12)),
        ("tenants_research", json!(3)),
        ("tenants_graduated", json!(4)),
        ("incubator_services", json!(["mentoring"])),
    ];
    let intermediary = [
        ("services_offered", json!(["transfer"])),
        ("clients", json!(60)),
        ("professionals", json!(10)),
        ("tech_contracts", json!(5)),
        ("contract_value", json!(300)),
        ("ip_protection", json!("effective")),
    ];
    let check =
        |actor: &str, linked: &str, branch: &[(&'static str, Json)], count: usize, values: &[(&str, Option<f64>)]| {
            let sent = interview(&content.institution, &with(institution(actor, linked), branch));
            assert!(
                sent.is_sound() && sent.warnings.is_empty(),
                "{actor}: {:#?}",
                sent.findings().collect::<Vec<_>>()
            );
            assert_eq!(asked(&sent).len(), count, "{actor}");
            content.expect(&sent, values);
            content.expect(
                &sent,
                &[("E6", Some(20.0)), ("D5", (actor != "incubator").then_some(100.0))],
            );
        };
    check(
        "research",
        "enterprise",
        &research,
        48,
        &[
            ("A1", Some(100.0)),
            ("A2", Some(50.0)),
            ("A6", Some(25.0)),
            ("B1", Some(90.0)),
            ("B2", Some(40.0)),
            ("B4", Some(20.0)),
            ("B5", Some(75.0)),
            ("B6", None),
            ("C5", Some(0.0)),
            ("D2", Some(0.0)),
            ("E2", Some(2.0)),
            ("E4", Some(0.0)),
            ("E5", Some(25.0)),
            ("F2", Some(20.0)),
            ("F3", Some(0.0)),
            ("F4", Some(25.0)),
            ("F6", Some(4.0)),
            ("I7", Some(50.0)),
            ("G5", None),
        ],
    );
    check(
        "government",
        "enterprise",
        &government,
        26,
        &[("A6", Some(25.0)), ("C4", None), ("A1", None)],
    );
    check(
        "finance",
        "enterprise",
        &finance,
        27,
        &[("G5", Some(5.0)), ("C4", Some(25.0))],
    );
    check(
        "incubator",
        "research",
        &incubator,
        28,
        &[("D4", Some(75.0)), ("A1", Some(0.0))],
    );
    check(
        "intermediary",
        "research",
        &intermediary,
        27,
        &[("F2", Some(50.0)), ("C5", Some(100.0))],
    );
}

#[test]
fn an_institution_cannot_name_its_own_kind_among_its_links() {
    let content = Content::load();
    let mut answers = institution("government", "research");
    answers.push(("linked_actors", json!(["government"])));
    let sent = interview(&content.institution, &answers);
    assert!(
        questions(&sent.problems).contains(&"linked_actors"),
        "{:#?}",
        sent.problems
    );
}
