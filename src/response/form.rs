//! A definition with everything prepared that processing its responses needs: made once, used for each response.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use super::instance::Asked;
use super::quality::QualityPlan;
use super::tree::companion_name;
use crate::definition::{Definition, Element, ElementId, Kind, QuestionType, is_live_list};
use crate::expression::Expression;

/// A definition that is ready to take responses. It dereferences to its [`Definition`].
///
/// Answers lie in frames: one for everything outside repeats, and one for each instance of a repeat, so that the place
/// of an answer is a sum of two numbers. The layout of the frames is worked out here.
#[derive(Debug)]
pub struct Form {
    definition: Arc<Definition>,
    places: Vec<SlotPlace>,
    frames: Vec<Frame>,
    children: HashMap<(Option<ElementId>, Box<str>), ElementId>,
    companions: Vec<Box<str>>,
    root_name: String,
    steps: Vec<Step>,
    checked: Vec<ElementId>,
    reads_clock: Vec<bool>,
    end: Option<ElementId>,
    today: Option<ElementId>,
    asked: OnceLock<Asked>,
    pub(super) quality: QualityPlan,
}

/// One element whose relevance or calculation is to be settled, in dependency order.
#[derive(Debug)]
pub(super) struct Step {
    pub element: ElementId,
    /// The frame that it lies in.
    pub frame: u32,
    /// The group or repeat that it lies in, where that is not asked in every case.
    pub conditional_parent: Option<ElementId>,
    /// Whether the calculation is kept as form clients sent it, since it can't be reproduced: the moment or a live
    /// list gave it.
    pub kept: bool,
}

/// Where the answers of an element lie.
#[derive(Debug, Clone, Copy)]
pub(super) struct SlotPlace {
    /// The frame's number: 0 outside repeats.
    pub frame: u32,
    /// The place within the frame.
    pub offset: u32,
}

/// What lies in one instance of a repeat, or outside all of them.
#[derive(Debug)]
pub(super) struct Frame {
    /// The repeat, and the frame that its instances lie in; `None` outside repeats.
    pub repeat: Option<(ElementId, u32)>,
    /// The elements that lie in it, in document order; the repeat itself comes first.
    pub elements: Vec<ElementId>,
    /// The repeats that lie directly in it.
    pub repeats: Vec<ElementId>,
}

/// Whether a calculation looks into a list that changes.
fn looks_into_live_list(calculation: &Expression) -> bool {
    let looked_up = calculation.looked_up();
    looked_up.iter().any(|looked_up| is_live_list(&looked_up.list))
}

impl Form {
    /// Prepares a definition.
    pub fn new(definition: impl Into<Arc<Definition>>) -> Arc<Self> {
        let definition = definition.into();
        let mut frames = vec![Frame {
            repeat: None,
            elements: Vec::new(),
            repeats: Vec::new(),
        }];
        let mut places: Vec<SlotPlace> = Vec::with_capacity(definition.elements().len());
        let mut frame_of: HashMap<ElementId, u32> = HashMap::new();
        for element in definition.elements() {
            let around = definition
                .repeat_around(element.id)
                .and_then(|repeat| frame_of.get(&repeat).copied())
                .unwrap_or(0);
            let number = if element.kind == Kind::Repeat {
                if let Some(frame) = frames.get_mut(around as usize) {
                    frame.repeats.push(element.id);
                }
                let number = u32::try_from(frames.len()).unwrap_or(u32::MAX);
                frames.push(Frame {
                    repeat: Some((element.id, around)),
                    elements: Vec::new(),
                    repeats: Vec::new(),
                });
                frame_of.insert(element.id, number);
                number
            } else {
                around
            };
            let mut offset = 0;
            if let Some(frame) = frames.get_mut(number as usize) {
                offset = u32::try_from(frame.elements.len()).unwrap_or(u32::MAX);
                frame.elements.push(element.id);
            }
            places.push(SlotPlace { frame: number, offset });
        }
        let children = definition
            .elements()
            .iter()
            .map(|element| ((element.parent, element.name.as_str().into()), element.id))
            .collect();
        let root_name = definition
            .settings()
            .other
            .get("name")
            .cloned()
            .unwrap_or_else(|| "data".to_owned());
        let recorded = |wanted: &QuestionType| {
            definition
                .questions()
                .find(|(element, question_type)| {
                    *question_type == wanted && definition.repeat_around(element.id).is_none()
                })
                .map(|(element, _)| element.id)
        };
        let (end, today) = (recorded(&QuestionType::End), recorded(&QuestionType::Today));
        let companions = definition
            .elements()
            .iter()
            .map(|element| companion_name(&element.name))
            .collect();
        let conditional = conditional(&definition);
        let is = |flags: &[bool], id: ElementId| flags.get(id.index()).copied().unwrap_or(false);
        let kept = spreading(&definition, |element| {
            let Some(calculation) = &element.calculation else {
                return false;
            };
            let calculation = calculation.expression();
            !element.trigger.is_empty() || !calculation.is_reproducible() || looks_into_live_list(calculation)
        });
        let reads_clock = spreading(&definition, |element| {
            element.calculation.as_ref().is_some_and(|calculation| {
                ["now(", "today("]
                    .iter()
                    .any(|call| calculation.source().contains(call))
            })
        });
        let steps = definition
            .order()
            .iter()
            .filter_map(|id| definition.get(*id))
            .filter(|element| is(&conditional, element.id) || element.calculation.is_some())
            .map(|element| Step {
                element: element.id,
                frame: places.get(element.id.index()).map_or(0, |place| place.frame),
                conditional_parent: element.parent.filter(|parent| is(&conditional, *parent)),
                kept: is(&kept, element.id),
            })
            .collect();
        let checked = definition
            .elements()
            .iter()
            .filter(|element| is(&conditional, element.id) || has_rules(&definition, element))
            .map(|element| element.id)
            .collect();
        Arc::new(Self {
            asked: OnceLock::new(),
            quality: QualityPlan::of(&definition),
            definition,
            places,
            frames,
            children,
            companions,
            root_name,
            steps,
            checked,
            reads_clock,
            end,
            today,
        })
    }

    /// The definition.
    pub fn definition(&self) -> &Arc<Definition> {
        &self.definition
    }

    /// The child of this name in a group or repeat, or at the top.
    pub fn child(&self, parent: Option<ElementId>, name: &str) -> Option<ElementId> {
        self.children.get(&(parent, name.into())).copied()
    }

    /// The name of the instance's outermost element, `data` where the definition is silent.
    pub fn root_name(&self) -> &str {
        &self.root_name
    }

    /// The name of the question that holds the missing code of another in forms for clients.
    pub(super) fn companion_name(&self, question: ElementId) -> &str {
        self.companions.get(question.index()).map_or("", |name| name)
    }

    /// The survey as form clients have it; worked out when it is first needed.
    pub(super) fn asked(&self) -> &Asked {
        self.asked.get_or_init(|| Asked::of(&self.definition))
    }

    /// What is to be settled, in dependency order.
    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The elements that a rule can be broken at, in document order.
    pub(super) fn checked(&self) -> &[ElementId] {
        &self.checked
    }

    /// Whether a calculation depends on the time of day.
    pub(super) fn reads_clock(&self, calculation: ElementId) -> bool {
        self.reads_clock.get(calculation.index()).copied().unwrap_or(false)
    }

    /// The question outside repeats in which a client records this time.
    pub(super) fn clock(&self, recorded: &QuestionType) -> Option<ElementId> {
        match recorded {
            QuestionType::End => self.end,
            _ => self.today,
        }
    }

    pub(super) fn place(&self, element: ElementId) -> Option<SlotPlace> {
        self.places.get(element.index()).copied()
    }

    pub(super) fn frame(&self, number: u32) -> Option<&Frame> {
        self.frames.get(number as usize)
    }

    /// The frames around a frame, itself first.
    pub(super) fn frames_around(&self, number: u32) -> impl Iterator<Item = u32> {
        std::iter::successors(Some(number), |number| {
            self.frame(*number)
                .and_then(|frame| frame.repeat)
                .map(|(_, around)| around)
        })
    }
}

impl Deref for Form {
    type Target = Definition;

    fn deref(&self) -> &Definition {
        &self.definition
    }
}

/// For each element, whether it may not be asked: it or a group or repeat around it has a relevance.
fn conditional(definition: &Definition) -> Vec<bool> {
    definition
        .elements()
        .iter()
        .map(|element| {
            element.relevant.is_some()
                || definition
                    .ancestors(element.id)
                    .any(|ancestor| ancestor.relevant.is_some())
        })
        .collect()
}

/// For each calculation, whether it, or another that it is calculated from, is of this nature.
fn spreading(definition: &Definition, nature: impl Fn(&Element) -> bool) -> Vec<bool> {
    let mut flags = vec![false; definition.elements().len()];
    // A calculation comes after those that it reads.
    for element in definition.order().iter().filter_map(|id| definition.get(*id)) {
        let Some(calculation) = &element.calculation else {
            continue;
        };
        let inherited = calculation
            .depends_on()
            .iter()
            .any(|read| flags.get(read.index()).copied().unwrap_or(false));
        if let Some(flag) = flags.get_mut(element.id.index()) {
            *flag = inherited || nature(element);
        }
    }
    flags
}

/// Whether an element that is always asked can break a rule.
fn has_rules(definition: &Definition, element: &Element) -> bool {
    let typed = match &element.kind {
        Kind::Group => false,
        Kind::Repeat => element.repeat_count.is_some(),
        Kind::Question(question_type) => {
            question_type.select().is_some() || *question_type == QuestionType::Range || element.calculation.is_some()
        }
    };
    typed
        || element.required.is_some()
        || element.constraint.is_some()
        || !element.warn_if.is_empty()
        || definition.identity().code() == Some(element.id)
}
