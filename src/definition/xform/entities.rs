//! Entities: the nodes in `meta` that make or change them, as the ODK entities specification says.

use super::Form;
use super::actions::action;
use super::reference::Standpoint;
use super::xml::Node;
use crate::definition::entity::{EntityAct, EntityDeclaration};
use crate::definition::formula::Formula;
use crate::definition::model::ElementId;

/// The entity that is made in a group or repeat, or at the top.
fn declared<'d>(form: &Form<'d>, container: Option<ElementId>) -> Option<&'d EntityDeclaration> {
    let number = form.entity_places.iter().position(|place| *place == container)?;
    form.definition.entities().get(number)
}

struct Parts<'e> {
    label: Option<&'e Formula>,
    entity_id: Option<&'e Formula>,
    /// Whether it is made.
    create: When<'e>,
    /// Whether it is changed.
    update: When<'e>,
}

/// When something is done to an entity.
enum When<'e> {
    Never,
    Always,
    If(&'e Formula),
}

impl<'e> When<'e> {
    /// Always, but for a condition.
    fn given(condition: Option<&'e Formula>) -> Self {
        condition.map_or(Self::Always, Self::If)
    }
}

fn parts(entity: &EntityDeclaration) -> Parts<'_> {
    match &entity.act {
        EntityAct::Create { label, create_if } => Parts {
            label: Some(label),
            entity_id: None,
            create: When::given(create_if.as_ref()),
            update: When::Never,
        },
        EntityAct::Update {
            entity_id,
            update_if,
            label,
        } => Parts {
            label: label.as_ref(),
            entity_id: Some(entity_id),
            create: When::Never,
            update: When::given(update_if.as_ref()),
        },
        EntityAct::CreateOrUpdate {
            entity_id,
            create_if,
            update_if,
            label,
        } => Parts {
            label: label.as_ref(),
            entity_id: Some(entity_id),
            create: When::If(create_if),
            update: When::If(update_if),
        },
    }
}

/// The node of the entity that is made in a container.
pub(super) fn node<'d>(form: &Form<'d>, container: Option<ElementId>) -> Option<Node<'d>> {
    let entity = declared(form, container)?;
    let parts = parts(entity);
    let mut node = Node::new("entity").with("dataset", &entity.list);
    if !matches!(parts.create, When::Never) {
        node.set("create", "1");
    }
    if !matches!(parts.update, When::Never) {
        node.set("update", "1");
    }
    if parts.entity_id.is_some() {
        for attribute in ["baseVersion", "trunkVersion", "branchId"] {
            node.set(attribute, "");
        }
    }
    node.set("id", "");
    if parts.label.is_some() {
        node.push(Node::new("label"));
    }
    Some(node)
}

/// The binds and actions of the entity that is made in a container.
pub(super) fn binds<'d>(form: &Form<'d>, container: Option<ElementId>) -> Vec<Node<'d>> {
    let Some(entity) = declared(form, container) else {
        return Vec::new();
    };
    let parts = parts(entity);
    let from = Standpoint::of_entity(form.definition, container);
    let path = format!("{}/meta/entity", form.paths.container(container));
    let bind = |name: &str, source: Option<&str>| {
        let mut bind = Node::new("bind").with("nodeset", format!("{path}/{name}"));
        if let Some(source) = source {
            bind.set("calculate", form.paths.expression(source, &from).into_owned());
        }
        bind.with("type", "string").with("readonly", "true()")
    };
    let mut nodes = Vec::new();
    if let When::If(condition) = parts.create {
        nodes.push(bind("@create", Some(condition.source())));
    }
    if let When::If(condition) = parts.update {
        nodes.push(bind("@update", Some(condition.source())));
    }
    if let Some(id) = parts.entity_id {
        let known = format!("instance('{}')/root/item[name={}]", entity.list, id.source());
        for (attribute, column) in [
            ("@baseVersion", "__version"),
            ("@trunkVersion", "__trunkVersion"),
            ("@branchId", "__branchId"),
        ] {
            nodes.push(bind(attribute, Some(&format!("{known}/{column}"))));
        }
        nodes.push(bind("@id", Some(id.source())));
    } else {
        nodes.push(bind("@id", None));
        nodes.push(new_id(&path, "odk-instance-first-load"));
    }
    if let Some(label) = parts.label {
        nodes.push(bind("label", Some(label.source())));
    }
    nodes
}

fn new_id<'d>(path: &str, event: &'static str) -> Node<'d> {
    action("setvalue", format!("{path}/@id"), event).with("value", "uuid()")
}

/// New instances of a repeat have new entities: those that are made in it, but not in another repeat within.
pub(super) fn on_new_repeat<'d>(form: &Form<'d>, repeat: ElementId) -> Vec<Node<'d>> {
    let entities = form.definition.entities().iter().zip(&form.entity_places);
    entities
        .filter_map(|(entity, place)| {
            let place = (*place)?;
            let within = place == repeat || form.definition.repeat_around(place) == Some(repeat);
            let own = form
                .definition
                .get(place)
                .is_some_and(|element| element.is_repeat() && place != repeat);
            (within && !own && parts(entity).entity_id.is_none()).then(|| {
                let path = format!("{}/meta/entity", form.paths.container(Some(place)));
                new_id(&path, "odk-new-repeat")
            })
        })
        .collect()
}
