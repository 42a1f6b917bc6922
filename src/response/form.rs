//! A definition with everything prepared that processing its responses needs: made once, used for each response.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use crate::definition::{Definition, ElementId, Kind};

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
    root_name: String,
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
        Arc::new(Self {
            definition,
            places,
            frames,
            children,
            root_name,
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
