//! Places that lie in one another: what a roll-up is made of, and which of two places is the lower.

use super::places::StudyPlace;

/// A place together with its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollUp {
    /// The code of the place.
    pub place: String,
    /// The codes of the places that lie in it and roll up, those within its parts included, in the order of the list.
    pub parts: Vec<String>,
    /// Whether official figures of the place are of the place with all its parts.
    pub figures_include_parts: bool,
}

/// A roll-up for each place in which another lies that rolls up, in the order of the list.
///
/// ```
/// use innogauge::definition::{StudyPlaces, roll_ups};
///
/// let places = StudyPlaces::from_yaml(
///     "places.yaml",
///     "places:\n- {code: 230700, label: Yichun}\n- {code: 230781, label: Tieli, lies_in: 230700, roll_up: true}\n",
/// )
/// .unwrap()
/// .value;
/// let list: Vec<_> = places.iter().collect();
/// assert_eq!(roll_ups(&list)[0].parts, ["230781"]);
/// ```
pub fn roll_ups(places: &[&StudyPlace]) -> Vec<RollUp> {
    let of_place = |outer: &&StudyPlace| {
        let is_part = |place: &&&StudyPlace| place.code != outer.code && rolls_into(places, place, &outer.code);
        let parts: Vec<String> = places.iter().filter(is_part).map(|place| place.code.clone()).collect();
        (!parts.is_empty()).then(|| RollUp {
            place: outer.code.clone(),
            parts,
            figures_include_parts: outer.figures_include_parts,
        })
    };
    places.iter().filter_map(of_place).collect()
}

/// Whether a place lies in another, or in a place that does.
pub fn lies_within(places: &[&StudyPlace], inner: &str, outer: &str) -> bool {
    find(places, inner).is_some_and(|place| goes_up(places, place, outer, |_| true))
}

/// Whether it also rolls up into it, as all places between do.
fn rolls_into(places: &[&StudyPlace], place: &StudyPlace, outer: &str) -> bool {
    goes_up(places, place, outer, |place| place.roll_up)
}

/// Whether `outer` is reached by going from place to place that each lies in, as long as `goes` says so.
fn goes_up(places: &[&StudyPlace], start: &StudyPlace, outer: &str, goes: impl Fn(&StudyPlace) -> bool) -> bool {
    let mut place = start;
    // A list that was not checked may go round in a circle.
    for _ in places {
        match place.lies_in.as_deref().filter(|_| goes(place)) {
            None => return false,
            Some(next) if next == outer => return true,
            Some(next) => match find(places, next) {
                Some(next) => place = next,
                None => return false,
            },
        }
    }
    false
}

fn find<'p>(places: &[&'p StudyPlace], code: &str) -> Option<&'p StudyPlace> {
    places.iter().copied().find(|place| place.code == code)
}

#[cfg(test)]
mod tests {
    use super::super::places::StudyPlaces;
    use super::*;

    const PLACES: &str = "places:\n\
        - {code: 23, label: Province, kind: benchmark, figures_include_parts: true}\n\
        - {code: 2307, label: City, lies_in: 23, roll_up: true}\n\
        - {code: 230781, label: Town, lies_in: 2307, roll_up: true}\n\
        - {code: 230722, label: County, lies_in: 2307}\n\
        - {code: 2309, label: Other}\n";

    #[test]
    fn a_roll_up_has_the_parts_of_its_parts_and_not_what_does_not_roll_up() {
        let places = StudyPlaces::from_yaml("places.yaml", PLACES).unwrap().value;
        let places: Vec<&StudyPlace> = places.iter().collect();
        let found: Vec<(String, Vec<String>, bool)> = roll_ups(&places)
            .into_iter()
            .map(|it| (it.place, it.parts, it.figures_include_parts))
            .collect();
        let expected = [("23", vec!["2307", "230781"], true), ("2307", vec!["230781"], false)];
        let expected = expected.map(|(place, parts, include)| {
            let parts = parts.into_iter().map(str::to_owned).collect();
            (place.to_owned(), parts, include)
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn a_place_lies_within_all_places_above_it() {
        let places = StudyPlaces::from_yaml("places.yaml", PLACES).unwrap().value;
        let places: Vec<&StudyPlace> = places.iter().collect();
        assert!(lies_within(&places, "230722", "2307") && lies_within(&places, "230722", "23"));
        assert!(!lies_within(&places, "2307", "230722") && !lies_within(&places, "2309", "23"));
    }
}
