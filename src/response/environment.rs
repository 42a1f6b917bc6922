//! The world that the rules of a response see: its own time, and the rest from the caller.

use chrono::{DateTime, FixedOffset, NaiveDateTime, NaiveTime};

use super::answers::Answers;
use super::form::Form;
use super::parse::local;
use super::value::Value;
use crate::definition::QuestionType;
use crate::expression::Environment;

/// The environment of one response.
///
/// `now()` and `today()` are the response's own time: when it ended, else the day of the interview, else when it
/// arrived; in its own offset, else in the survey's time zone.
pub(super) struct ResponseEnvironment<'a> {
    form: &'a Form,
    outer: &'a dyn Environment,
    now: DateTime<FixedOffset>,
}

impl<'a> ResponseEnvironment<'a> {
    pub fn new(
        answers: &Answers,
        form: &'a Form,
        received_at: DateTime<FixedOffset>,
        outer: &'a dyn Environment,
    ) -> Self {
        let recorded = |wanted: &QuestionType| {
            form.clock(wanted)
                .and_then(|id| answers.received(super::InstanceId::ROOT, id).value())
        };
        let now = match (recorded(&QuestionType::End), recorded(&QuestionType::Today)) {
            (Some(Value::DateTime(end)), _) => *end,
            (_, Some(Value::Date(day))) => local(form, day.and_time(NaiveTime::MIN), None).unwrap_or(received_at),
            _ => form.timezone().at(received_at.to_utc()),
        };
        Self { form, outer, now }
    }
}

impl Environment for ResponseEnvironment<'_> {
    fn now(&self) -> DateTime<FixedOffset> {
        self.now
    }

    fn offset_at(&self, local: NaiveDateTime) -> FixedOffset {
        let zone = self.form.timezone();
        let own = *self.now.offset();
        // A response that was recorded in the survey's zone follows its summer time; another keeps its own offset.
        if *zone.at(self.now.to_utc()).offset() == own {
            zone.offset(local).unwrap_or(own)
        } else {
            own
        }
    }

    fn random(&self) -> Option<f64> {
        self.outer.random()
    }

    fn uuid(&self) -> Option<String> {
        self.outer.uuid()
    }

    fn pulldata(&self, list: &str, column: &str, key_column: &str, key: &str) -> Option<String> {
        self.outer.pulldata(list, column, key_column, key)
    }

    fn choice_label(&self, value: &str, question: &str) -> Option<String> {
        let name = question.rsplit('/').next().unwrap_or(question);
        let name = name.trim_start_matches("${").trim_end_matches('}').trim();
        let list = self.form.choice_list(self.form.find(name)?)?;
        let label = list.get(value)?.label.get(self.form.default_language());
        Some(label.to_owned())
    }

    fn itext(&self, id: &str) -> Option<String> {
        self.outer.itext(id)
    }

    fn property(&self, name: &str) -> Option<String> {
        self.outer.property(name)
    }

    fn version(&self) -> Option<String> {
        Some(self.form.version().to_owned())
    }

    fn extract_signed(&self, message: &str, public_key: &str) -> Option<String> {
        self.outer.extract_signed(message, public_key)
    }
}
