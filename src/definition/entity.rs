//! Entities: things that outlive a response (a tree, a household, an organisation), made or changed by answering.

use super::formula::Formula;
use super::place::Origin;

/// What answering does to the entities of one list.
#[derive(Debug, Clone, PartialEq)]
pub struct EntityDeclaration {
    /// The name of the list.
    pub list: String,
    /// What is done.
    pub act: EntityAct,
    /// Where the declaration was written.
    pub origin: Origin,
}

/// What answering does to an entity.
#[derive(Debug, Clone, PartialEq)]
pub enum EntityAct {
    /// Makes a new one.
    Create {
        /// What the entity is called.
        label: Formula,
        /// Whether it is made; always, where none is given.
        create_if: Option<Formula>,
    },
    /// Changes one that is there.
    Update {
        /// Which one.
        entity_id: Formula,
        /// Whether it is changed; always, where none is given.
        update_if: Option<Formula>,
        /// What it is called from now on.
        label: Option<Formula>,
    },
    /// Makes a new one or changes one, as the conditions say.
    CreateOrUpdate {
        /// Which one.
        entity_id: Formula,
        /// Whether it is made.
        create_if: Formula,
        /// Whether it is changed.
        update_if: Formula,
        /// What it is called from now on.
        label: Option<Formula>,
    },
}

/// The cells of a declaration, as they were written.
#[derive(Debug, Default)]
pub(super) struct EntityParts {
    pub label: Option<Formula>,
    pub entity_id: Option<Formula>,
    pub create_if: Option<Formula>,
    pub update_if: Option<Formula>,
}

impl EntityParts {
    /// What the parts say together; the error is what is wrong, and what would be right.
    pub fn act(self) -> Result<EntityAct, (&'static str, &'static str)> {
        match (self.entity_id, self.create_if, self.update_if, self.label) {
            (None, _, Some(_), _) => Err((
                "'update_if' without 'entity_id' does not say which entity is changed",
                "add 'entity_id', or write the condition under 'create_if'",
            )),
            (None, _, None, None) => Err((
                "an entity that is made has no label",
                "add 'label', such as concat(${name}, ' ', ${city}), or 'entity_id' to change one that is there",
            )),
            (None, create_if, None, Some(label)) => Ok(EntityAct::Create { label, create_if }),
            (Some(_), Some(_), None, _) => Err((
                "'create_if' with 'entity_id' needs 'update_if' too",
                "add 'update_if', or remove 'entity_id' to only make entities",
            )),
            (Some(entity_id), None, update_if, label) => Ok(EntityAct::Update {
                entity_id,
                update_if,
                label,
            }),
            (Some(entity_id), Some(create_if), Some(update_if), label) => Ok(EntityAct::CreateOrUpdate {
                entity_id,
                create_if,
                update_if,
                label,
            }),
        }
    }
}

impl EntityDeclaration {
    /// The expressions of the declaration, with their keys.
    pub fn formulas(&self) -> impl Iterator<Item = (&'static str, &Formula)> {
        let (label, entity_id, create_if, update_if) = match &self.act {
            EntityAct::Create { label, create_if } => (Some(label), None, create_if.as_ref(), None),
            EntityAct::Update {
                entity_id,
                update_if,
                label,
            } => (label.as_ref(), Some(entity_id), None, update_if.as_ref()),
            EntityAct::CreateOrUpdate {
                entity_id,
                create_if,
                update_if,
                label,
            } => (label.as_ref(), Some(entity_id), Some(create_if), Some(update_if)),
        };
        [
            ("label", label),
            ("entity_id", entity_id),
            ("create_if", create_if),
            ("update_if", update_if),
        ]
        .into_iter()
        .filter_map(|(key, formula)| Some((key, formula?)))
    }

    /// Lets every expression be changed.
    pub(super) fn each_formula_mut(&mut self, change: &mut impl FnMut(&mut Formula)) {
        let (label, entity_id, create_if, update_if) = match &mut self.act {
            EntityAct::Create { label, create_if } => (Some(label), None, create_if.as_mut(), None),
            EntityAct::Update {
                entity_id,
                update_if,
                label,
            } => (label.as_mut(), Some(entity_id), None, update_if.as_mut()),
            EntityAct::CreateOrUpdate {
                entity_id,
                create_if,
                update_if,
                label,
            } => (label.as_mut(), Some(entity_id), Some(create_if), Some(update_if)),
        };
        [label, entity_id, create_if, update_if]
            .into_iter()
            .flatten()
            .for_each(change);
    }
}
