//! Quantities of synthetic organisations: plausible in themselves and beside each other.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::city::normal;
use super::organisation::{Kind, Organisation};

/// The answer to a question for a quantity; `known` are the numbers that were answered before.
///
/// What innovation does to amounts is in the model; parts are drawn from their wholes, so that rules hold. A question
/// that the model does not know gets no answer.
pub fn quantity(
    name: &str,
    organisation: &Organisation,
    known: &impl Fn(&str) -> Option<f64>,
    random: &mut ChaCha8Rng,
) -> Option<f64> {
    let (employees, turnover) = (organisation.employees, organisation.turnover);
    let researches = organisation.kind == Kind::Institution("research");
    let lift = (0.5 * organisation.innovation).exp();
    let share = |random: &mut ChaCha8Rng, low: f64, high: f64| random.random_range(low..high);
    let of = |name: &str| known(name).unwrap_or(0.0);
    let part = |random: &mut ChaCha8Rng, whole: &str, low: f64, high: f64| of(whole) * random.random_range(low..high);
    Some(match name {
        "founding_year" => (2025.0 - normal(random, 2.3, 0.7).exp()).clamp(1952.0, 2025.0).floor(),
        "employees" => employees,
        "graduates" if researches => (employees * share(random, 0.6, 0.9)).floor(),
        "graduates" => (employees * share(random, 0.06, 0.26) * lift).min(employees).floor(),
        "turnover" => turnover,
        "operating_costs" => turnover * share(random, 0.65, 0.95),
        "assets" => turnover * share(random, 0.6, 2.0),

        "share_new_market" => share(random, 0.0, 12.0).floor(),
        "share_new_firm" => share(random, 2.0, 25.0).floor(),
        "share_unchanged" => 100.0 - of("share_new_market") - of("share_new_firm"),
        "cost_savings" => part(random, "operating_costs", 0.002, 0.05),

        "rd_inhouse" => (turnover * normal(random, -4.0, 0.6).exp() * lift).min(0.4 * turnover),
        "rd_government" => part(random, "rd_inhouse", 0.0, 0.4),
        "rd_external" => (turnover * share(random, 0.0, 0.006) * lift).min(0.3 * turnover),
        "rd_persons" if researches => (employees * share(random, 0.4, 0.8)).ceil(),
        "rd_persons" => (employees * share(random, 0.02, 0.12) * lift)
            .clamp(1.0, employees)
            .floor(),
        "rd_fte" => part(random, "rd_persons", 0.3, 0.9),
        "rd_staff_start" => part(random, "rd_persons", 0.7, 1.0).ceil(),
        "rd_staff_stayed" => part(random, "rd_staff_start", 0.6, 1.0).floor(),
        "rd_hires" => part(random, "rd_persons", 0.0, 0.25).floor(),
        "rd_leavers" => part(random, "rd_staff_start", 0.0, 0.2).floor(),
        "training_cost" => employees * share(random, 0.01, 0.12) * lift,
        "vacancies" => (employees * share(random, 0.0, 0.08)).floor(),
        "hard_vacancies" => part(random, "vacancies", 0.1, 0.7).floor(),
        "other_innovation" => (turnover * share(random, 0.0, 0.015) * lift).min(0.3 * turnover),

        "patents" => (of("rd_fte") * share(random, 0.1, 0.9) + share(random, 0.0, 1.4)).floor(),
        "patents_used" => part(random, "patents", 0.2, 1.0).floor(),
        "licence_income" => turnover * share(random, 0.0, 0.004),
        "licence_spend" => turnover * share(random, 0.0, 0.003),
        "software_spend" => turnover * share(random, 0.0005, 0.008) * lift.min(3.0),

        "energy_use" => turnover * share(random, 0.05, 0.9) * (-0.3 * organisation.green).exp(),
        "renewable_share" => (share(random, 2.0, 25.0) * organisation.green.exp()).min(90.0),
        "co2e" => part(random, "energy_use", 1.8, 2.8),
        "resource_share" => {
            if organisation.section == "B" {
                share(random, 60.0, 100.0)
            } else {
                share(random, 5.0, 70.0)
            }
        }
        "product_lines" => (1.0 + share(random, 0.0, 4.0) * lift).min(9.0).floor(),
        "line_first" => share(random, 45.0, 85.0).floor(),
        "line_second" => ((100.0 - of("line_first")) * share(random, 0.5, 1.0)).floor(),
        "line_rest" => 100.0 - of("line_first") - of("line_second"),

        "rd_income" => of("rd_persons").max(1.0) * share(random, 8.0, 40.0),
        "rd_income_enterprises" => part(random, "rd_income", 0.02, 0.3),
        "spinoffs" => part(random, "rd_persons", 0.0, 0.05).floor(),
        "department_budget" => employees * share(random, 20.0, 90.0),
        "innovation_budget" => part(random, "department_budget", 0.02, 0.25),
        "applications" => share(random, 10.0, 160.0).floor(),
        "applications_approved" => part(random, "applications", 0.2, 0.7).floor(),
        "decision_days" => share(random, 15.0, 90.0).floor(),
        "sme_loans" => share(random, 5_000.0, 200_000.0),
        "tech_sme_loans" => part(random, "sme_loans", 0.02, 0.25),
        "loan_applications" => share(random, 40.0, 400.0).floor(),
        "loans_granted" => part(random, "loan_applications", 0.3, 0.8).floor(),
        "places" => share(random, 20.0, 120.0).floor(),
        "places_occupied" => part(random, "places", 0.4, 0.95).floor(),
        "tenants_new" => part(random, "places_occupied", 0.1, 0.4).floor(),
        "tenants_research" => part(random, "places_occupied", 0.0, 0.2).floor(),
        "tenants_graduated" => part(random, "places_occupied", 0.0, 0.15).floor(),
        "clients" => share(random, 10.0, 200.0).floor(),
        "professionals" => (employees * share(random, 0.2, 0.7)).floor().max(1.0),
        "tech_contracts" => part(random, "professionals", 0.05, 0.6).floor(),
        "contract_value" => of("tech_contracts") * share(random, 5.0, 60.0),
        _ => return None,
    })
}
