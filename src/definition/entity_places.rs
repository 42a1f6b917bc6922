//! Where the entities of a form are made: each in a group or repeat of its own, or at the top.
//!
//! A form says nothing of it. It follows from where the questions lie that are saved to an entity or read by it: all of
//! them must be within reach, which a repeat limits, and no two entities share a place. The rules are those of pyxform.

use super::element::Kind;
use super::entity::EntityDeclaration;
use super::model::{Definition, ElementId};
use super::place::{Diagnostic, Place};

/// Groups and repeats from the outermost on; empty for the top.
type Path = Vec<ElementId>;

/// What links an entity to a question.
struct Link {
    /// What holds the question.
    path: Path,
    /// Whether the question is saved to the entity, not only read by it.
    saved: bool,
    name: String,
    place: Place,
}

/// What an entity needs of its place.
struct Request<'d> {
    entity: &'d EntityDeclaration,
    number: usize,
    /// The repeat that it lies in, with all around it.
    scope: Path,
    wanted: Path,
    saved_from: Vec<Path>,
}

/// For each entity the group or repeat that it is made in (`None` is the top), or why there is none.
pub(super) fn entity_places(definition: &Definition) -> Result<Vec<Option<ElementId>>, Vec<Diagnostic>> {
    let mut found = Vec::new();
    let mut requests = Vec::new();
    let (linked, free): (Vec<_>, Vec<_>) = definition
        .entities()
        .iter()
        .enumerate()
        .map(|(number, entity)| (number, entity, links(definition, entity)))
        .partition(|(.., links)| !links.is_empty());
    for (number, entity, links) in linked {
        match request(definition, number, entity, &links) {
            Ok(request) => requests.push(request),
            Err(errors) => found.extend(errors),
        }
    }
    requests.extend(free.into_iter().map(|(number, entity, _)| Request {
        entity,
        number,
        scope: Path::new(),
        wanted: Path::new(),
        saved_from: Vec::new(),
    }));
    let places = allocate(definition, &requests, &mut found);
    if found.is_empty() { Ok(places) } else { Err(found) }
}

fn path(definition: &Definition, id: ElementId) -> Path {
    let mut path: Path = definition.ancestors(id).map(|element| element.id).collect();
    path.reverse();
    path
}

/// The questions that are saved to an entity or read by it, in document order.
fn links(definition: &Definition, entity: &EntityDeclaration) -> Vec<Link> {
    let read: Vec<ElementId> = entity
        .formulas()
        .flat_map(|(_, formula)| formula.depends_on().iter().copied())
        .collect();
    let mut links = Vec::new();
    for element in definition.elements() {
        let mut link = |saved: bool, name: &str, place: &Place| {
            links.push(Link {
                path: path(definition, element.id),
                saved,
                name: name.to_owned(),
                place: place.clone(),
            });
        };
        if let Some(property) = element.save_to.get(&entity.list) {
            link(true, property, &element.origin);
        }
        if read.contains(&element.id) {
            link(false, &element.name, &entity.origin);
        }
    }
    links
}

/// The part of a path up to its last repeat: answers beyond it are several.
fn scope(definition: &Definition, path: &[ElementId]) -> Path {
    let is_repeat = |id: &ElementId| definition.get(*id).is_some_and(|element| element.kind == Kind::Repeat);
    let end = path.iter().rposition(is_repeat).map_or(0, |at| at + 1);
    path.iter().take(end).copied().collect()
}

/// How deep a path lies: repeats first, then groups within the last of them.
fn depth(definition: &Definition, path: &[ElementId]) -> (usize, usize) {
    let scope = scope(definition, path);
    let repeats = scope
        .iter()
        .filter(|id| definition.get(**id).is_some_and(|element| element.kind == Kind::Repeat))
        .count();
    (repeats, path.len() - scope.len())
}

/// The first of the deepest links.
fn deepest<'l>(definition: &Definition, links: impl Iterator<Item = &'l Link>) -> Option<&'l Link> {
    links.reduce(|deepest, link| {
        if depth(definition, &link.path) > depth(definition, &deepest.path) {
            link
        } else {
            deepest
        }
    })
}

fn shared(paths: &[Path]) -> Path {
    let mut paths = paths.iter();
    let Some(first) = paths.next() else { return Path::new() };
    paths.fold(first.clone(), |shared, path| {
        let same = shared.iter().zip(path).take_while(|(left, right)| left == right);
        same.map(|(id, _)| *id).collect()
    })
}

fn request<'d>(
    definition: &Definition,
    number: usize,
    entity: &'d EntityDeclaration,
    links: &[Link],
) -> Result<Request<'d>, Vec<Diagnostic>> {
    let Some(innermost) = deepest(definition, links.iter()) else {
        return Err(Vec::new());
    };
    let innermost_scope = scope(definition, &innermost.path);
    let mut saved_from: Vec<Path> = Vec::new();
    for link in links.iter().filter(|link| link.saved) {
        if !saved_from.contains(&link.path) {
            saved_from.push(link.path.clone());
        }
    }
    let wanted = match deepest(definition, links.iter().filter(|link| link.saved)) {
        None => innermost.path.clone(),
        Some(saved) => {
            let (scope, shared) = (scope(definition, &saved.path), shared(&saved_from));
            if depth(definition, &shared) > depth(definition, &scope) {
                shared
            } else {
                scope
            }
        }
    };
    let wanted_scope = scope(definition, &wanted);
    let found: Vec<Diagnostic> = links
        .iter()
        .filter(|link| {
            let own = scope(definition, &link.path);
            !innermost_scope.starts_with(&own) || (link.saved && own != wanted_scope)
        })
        .map(|link| {
            let (link_path, other) = (spelt(definition, &link.path), spelt(definition, &innermost.path));
            let message = if link.saved {
                format!(
                    "'{}' is saved to '{}' from {link_path}, but '{}' of it lies in {other}",
                    link.name, entity.list, innermost.name
                )
            } else {
                format!(
                    "the entities '{}' read '{}' in {link_path}, but '{}' of them lies in {other}",
                    entity.list, link.name, innermost.name
                )
            };
            Diagnostic::error(link.place.clone(), message)
                .with_help("copy one of the two to where the other is, with a calculation")
        })
        .collect();
    if found.is_empty() {
        Ok(Request {
            entity,
            number,
            scope: innermost_scope,
            wanted,
            saved_from,
        })
    } else {
        Err(found)
    }
}

fn spelt(definition: &Definition, path: &[ElementId]) -> String {
    path.last().map_or_else(
        || "the top of the form".to_owned(),
        |id| format!("'{}'", definition.path(*id).trim_start_matches('/')),
    )
}

/// Gives each request a place: as deep as is wanted, else further out within its scope.
fn allocate(definition: &Definition, requests: &[Request<'_>], found: &mut Vec<Diagnostic>) -> Vec<Option<ElementId>> {
    let mut places = vec![None; definition.entities().len()];
    if let [only] = requests
        && only.scope.is_empty()
    {
        return places;
    }
    let mut scopes: Vec<&Path> = Vec::new();
    for request in requests {
        if !scopes.contains(&&request.scope) {
            scopes.push(&request.scope);
        }
    }
    let mut taken: Vec<(Path, usize)> = Vec::new();
    for within in scopes {
        let mut requests: Vec<&Request<'_>> = requests.iter().filter(|request| request.scope == *within).collect();
        requests.sort_by_key(|request| request.number);
        for request in requests {
            match place(request, &mut taken) {
                Ok(place) => {
                    if let Some(entry) = places.get_mut(request.number) {
                        *entry = place;
                    }
                }
                Err(other) => found.push(refusal(definition, request, other)),
            }
        }
    }
    places
}

/// The place of a request, or the number of the entity that has it.
fn place(request: &Request<'_>, taken: &mut Vec<(Path, usize)>) -> Result<Option<ElementId>, usize> {
    let holder = |path: &[ElementId], taken: &[(Path, usize)]| {
        taken.iter().find(|(held, _)| held == path).map(|(_, number)| *number)
    };
    let mut conflict = request.number;
    for length in (request.scope.len()..=request.wanted.len()).rev() {
        let path: Path = request.wanted.iter().take(length).copied().collect();
        if let Some(other) = holder(&path, taken) {
            conflict = other;
            // What is saved must lie nearest to its own entity.
            if let Some(other) = request.saved_from.first().and_then(|saved| holder(saved, taken)) {
                return Err(other);
            }
            continue;
        }
        let own = path.last().copied();
        taken.push((path.clone(), request.number));
        for saved in &request.saved_from {
            for length in (path.len()..=saved.len()).rev() {
                taken.push((saved.iter().take(length).copied().collect(), request.number));
            }
        }
        return Ok(own);
    }
    Err(conflict)
}

fn refusal(definition: &Definition, request: &Request<'_>, other: usize) -> Diagnostic {
    let other = definition
        .entities()
        .get(other)
        .map_or("", |entity| entity.list.as_str());
    Diagnostic::error(
        request.entity.origin.0.clone(),
        format!(
            "the entities '{}' have no place of their own: {} has '{other}' already",
            request.entity.list,
            spelt(definition, &request.wanted)
        ),
    )
    .with_help("put the questions of each list of entities into a group of their own")
}
