//! The same conditions as expressions in CEL and in Rhai. Both are read once, and both have the user in their variables
//! before the clock runs: what is measured is the asking alone.

use std::collections::HashMap;

use anyhow::anyhow;
use cel::{Context, Program, Value};
use rhai::{AST, Array, Dynamic, Engine, Map, Scope};
use usher::domain::Scheme;

use super::schemes::Jane;

const DAY_MILLIS: i64 = 86_400_000;

/// What the schemes of one kind ask for, in words that both languages have. The times are milliseconds.
fn expression(scheme: &Scheme) -> String {
    let usher::domain::Condition::EmailDomain(patterns) = &scheme.select.0[0] else { return String::new() };
    let [exactly, below] = patterns.as_slice() else { return String::new() };
    let below = below.to_string().replacen('*', "", 1);
    let [one, other] = scheme.only_groups.as_slice() else { return String::new() };
    let exempt = &scheme.exempt.groups[0];
    format!(
        "(user.domain == \"{exactly}\" || user.domain.ENDS(\"{below}\") || user.last_login < now - {} || !user.active) \
         && (\"{one}\" in user.groups || \"{other}\" in user.groups) && !(\"{exempt}\" in user.groups)",
        90 * DAY_MILLIS
    )
}

struct User {
    domain: String,
    active: bool,
    groups: Vec<String>,
    last_login: i64,
    now: i64,
}

fn plainly(jane: &Jane) -> anyhow::Result<User> {
    let known = || anyhow!("all is known of her");
    let facts = &jane.facts;
    let logins = facts.logins.value().ok_or_else(known)?;
    Ok(User {
        domain: facts.email.value().ok_or_else(known)?.domain().ok_or_else(known)?.to_string(),
        active: *facts.active.value().ok_or_else(known)?,
        groups: facts.groups.value().ok_or_else(known)?.iter().map(ToString::to_string).collect(),
        last_login: logins.last.ok_or_else(known)?.as_millis(),
        now: jane.subject().now.as_millis(),
    })
}

/// The `cel` crate.
pub struct Cel {
    programs: Vec<Program>,
    context: Context<'static, 'static>,
}

impl Cel {
    pub fn new(schemes: &[Scheme], jane: &Jane) -> anyhow::Result<Self> {
        let read = |scheme| Program::compile(&expression(scheme).replace("ENDS", "endsWith"));
        let user = plainly(jane)?;
        let mut context = Context::default();
        let fields: HashMap<&str, Value> = HashMap::from([
            ("domain", user.domain.into()),
            ("active", Value::Bool(user.active)),
            ("groups", Value::List(user.groups.into_iter().map(Value::from).collect::<Vec<_>>().into())),
            ("last_login", Value::Int(user.last_login)),
        ]);
        context.add_variable_from_value("user", fields);
        context.add_variable_from_value("now", user.now);
        Ok(Self { programs: schemes.iter().map(read).collect::<Result<_, _>>()?, context })
    }

    /// How many select the user.
    pub fn selected(&self) -> usize {
        self.programs.iter().filter(|program| program.execute(&self.context) == Ok(Value::Bool(true))).count()
    }
}

/// The `rhai` crate.
pub struct Rhai {
    engine: Engine,
    programs: Vec<AST>,
    scope: Scope<'static>,
}

impl Rhai {
    pub fn new(schemes: &[Scheme], jane: &Jane) -> anyhow::Result<Self> {
        let engine = Engine::new();
        let read = |scheme| engine.compile_expression(expression(scheme).replace("ENDS", "ends_with"));
        let programs = schemes.iter().map(read).collect::<Result<_, _>>()?;
        let user = plainly(jane)?;
        let groups: Array = user.groups.into_iter().map(Dynamic::from).collect();
        let fields: Map = [
            ("domain", user.domain.into()),
            ("active", user.active.into()),
            ("groups", groups.into()),
            ("last_login", Dynamic::from(user.last_login)),
        ]
        .into_iter()
        .map(|(name, value)| (name.into(), value))
        .collect();
        let mut scope = Scope::new();
        scope.push_constant("user", fields);
        scope.push_constant("now", user.now);
        Ok(Self { engine, programs, scope })
    }

    /// How many select the user.
    pub fn selected(&mut self) -> usize {
        let Self { engine, programs, scope } = self;
        programs.iter().filter(|program| matches!(engine.eval_ast_with_scope(scope, program), Ok(true))).count()
    }
}
