//! Conditions in CEL, the expression language known from Kubernetes.
//!
//! An expression is about `user` and, by `now`, about the time. It is parsed and type-checked once. If one of the facts
//! that it names is missing, the answer is unknown, before anything is evaluated. So no operator (`!`, `||`, `? :`) can
//! turn an unknown fact into an answer.

mod bounds;
mod check;
mod error;
mod field;
mod functions;
mod pattern;
mod size;
mod types;

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use cel::{Context, Env, ExecutionError, Program, Value};

pub use error::ExpressionError;

use crate::domain::{Expression, Timestamp, Truth};

use super::{
    Subject,
    explanation::{ReasonText, list},
    truth::known,
};
use field::{Absent, Field};

/// The number of characters of an expression in a reason.
const SHOWN: usize = 200;

/// The language: the standard one, without optional values.
static LANGUAGE: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib().with_optional_support(false)));

/// Whether `expression` can be used as a condition.
///
/// # Errors
///
/// Says what is wrong, where, and what to write instead.
pub fn check_expression(expression: &Expression) -> Result<(), ExpressionError> {
    check::read(expression).map(|_| ())
}

/// An expression as it was read.
#[derive(Debug)]
struct Checked {
    program: Program,
    /// The fields of `user` that it uses.
    fields: Vec<Field>,
}

/// A condition in CEL.
#[derive(Debug)]
pub(in crate::rules) struct Where {
    text: String,
    checked: Result<Checked, ExpressionError>,
}

/// The result of evaluating it.
pub(in crate::rules) struct Evaluated<'a> {
    condition: &'a Where,
    subject: Subject<'a>,
    came_to: CameTo,
}

enum CameTo {
    Answer(bool),
    /// Facts are missing.
    Missing(Vec<(Field, Absent)>),
    /// The expression can't be evaluated for this user.
    Failed(&'static str),
    /// The text is no expression. The configuration refuses such texts.
    Wrong(ExpressionError),
}

impl Where {
    pub(in crate::rules) fn new(expression: &Expression) -> Self {
        Self { text: expression.as_str().to_owned(), checked: check::read(expression) }
    }

    pub(in crate::rules) fn evaluate<'a>(&'a self, subject: &Subject<'a>) -> Evaluated<'a> {
        let came_to = match &self.checked {
            Ok(checked) => checked.work_out(subject),
            Err(error) => CameTo::Wrong(error.clone()),
        };
        Evaluated { condition: self, subject: *subject, came_to }
    }

    /// The text for reasons.
    fn shown(&self) -> String {
        match self.text.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}…", &self.text[..end]),
            None => self.text.clone(),
        }
    }

    fn fields(&self) -> &[Field] {
        self.checked.as_ref().map_or(&[], |checked| &checked.fields)
    }
}

impl Checked {
    fn work_out(&self, subject: &Subject<'_>) -> CameTo {
        let mut user = HashMap::with_capacity(self.fields.len());
        let mut missing = Vec::new();
        for field in &self.fields {
            match field.value(subject) {
                Ok(value) => drop(user.insert(field.name(), value)),
                Err(absent) => missing.push((*field, absent)),
            }
        }
        if !missing.is_empty() {
            return CameTo::Missing(missing);
        }
        let Some(now) = field::timestamp(subject.now) else { return CameTo::Failed("the time is out of bounds") };
        let mut context = Context::with_env(Arc::clone(&LANGUAGE));
        context.add_variable_from_value("user", user);
        context.add_variable_from_value("now", now);
        match self.program.execute(&context) {
            Ok(Value::Bool(holds)) => CameTo::Answer(holds),
            Ok(_) => CameTo::Failed("it is neither true nor false"),
            Err(error) => CameTo::Failed(plainly(&error)),
        }
    }
}

/// The kind of the error; the error itself may contain facts.
fn plainly(error: &ExecutionError) -> &'static str {
    match error {
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => "a division by zero",
        ExecutionError::Overflow(..) => "a number or a time out of bounds",
        ExecutionError::IndexOutOfBounds(_) => "a list is shorter than the index asks for",
        ExecutionError::FunctionError { .. } => "a function can't be applied to the value",
        _ => "its parts don't fit",
    }
}

impl Evaluated<'_> {
    pub(in crate::rules) fn truth(&self) -> Truth {
        match &self.came_to {
            CameTo::Answer(holds) => known(*holds),
            CameTo::Missing(_) | CameTo::Failed(_) | CameTo::Wrong(_) => Truth::Unknown,
        }
    }

    pub(in crate::rules) fn explain(&self) -> ReasonText {
        let text = self.condition.shown();
        let told = |because: String, change| ReasonText { because, value: self.values(), as_of: self.as_of(), change };
        match &self.came_to {
            CameTo::Answer(true) => told(format!("it holds: {text}"), self.change("no longer holds")),
            CameTo::Answer(false) => told(format!("it does not hold: {text}"), self.change("holds")),
            CameTo::Failed(why) => told(format!("it can't be worked out, {why}: {text}"), self.change("holds")),
            CameTo::Wrong(error) => told(format!("it is no expression: {error}"), None),
            CameTo::Missing(missing) => {
                let whys: Vec<_> = missing.iter().map(|(field, why)| format!("{field} can't be told: {why}")).collect();
                let fields: Vec<_> = missing.iter().map(|(field, _)| field).collect();
                told(whys.join("; "), Some(format!("{} becomes known", list(&fields))))
            }
        }
    }

    /// The change that would reverse the whole; none if it uses nothing that can change.
    fn change(&self, outcome: &str) -> Option<String> {
        let fields = self.condition.fields();
        (!fields.is_empty()).then(|| format!("{} changes so that the expression {outcome}", list(fields)))
    }

    /// The values that were used; an e-mail address is not shown.
    fn values(&self) -> Option<String> {
        let shown = self.condition.fields().iter().filter_map(|field| field.shown(&self.subject));
        let shown: Vec<_> = shown.collect();
        (!shown.is_empty()).then(|| shown.join("; "))
    }

    /// The time of the oldest fact that was used.
    fn as_of(&self) -> Option<Timestamp> {
        self.condition.fields().iter().filter_map(|field| field.as_of(&self.subject)).min()
    }
}

#[cfg(test)]
mod tests;
