//! An accepted expression takes no more steps, and makes no larger value, than was reckoned.

use std::cell::Cell;

use cel::common::ast::{Expr, IdedExpr};

use super::{
    super::{
        bounds::{LARGEST, STEPS},
        check, field,
    },
    *,
};

/// A user with as many groups and applications, and as long texts, as a user is taken to have.
fn largest() -> Facts {
    let name = |number: u32| format!("{number:0256}");
    Facts {
        name: fact(name(0)),
        groups: fact((0..1_000).map(|number| GroupName::new(name(number))).collect()),
        applications: fact((0..1_000).map(name).collect()),
        ..jane()
    }
}

/// The cost of evaluating one expression.
#[derive(Default)]
struct Taken {
    steps: Cell<u64>,
    largest: Cell<u64>,
}

impl Taken {
    /// Counts the evaluations of `expr` and of its parts, of those too that a `&&` would spare. Only what joins things, and
    /// loops, can make large values.
    fn count(&self, expr: &IdedExpr, context: &Context<'_, '_>) {
        self.steps.set(self.steps.get() + 1);
        match &expr.expr {
            Expr::Select(select) => self.count(&select.operand, context),
            Expr::Call(call) => {
                call.target.iter().for_each(|target| self.count(target, context));
                call.args.iter().for_each(|argument| self.count(argument, context));
                if call.func_name == cel::common::ast::operators::ADD {
                    self.measure(&context.resolve(expr));
                }
            }
            Expr::List(list) => {
                list.elements.iter().for_each(|element| self.count(element, context));
                self.measure(&context.resolve(expr));
            }
            Expr::Comprehension(loops) => {
                self.count(&loops.accu_init, context);
                self.count(&loops.iter_range, context);
                let (Ok(start), Ok(Value::List(items))) =
                    (context.resolve(&loops.accu_init), context.resolve(&loops.iter_range))
                else {
                    return;
                };
                let mut inner = context.new_inner_scope();
                inner.add_variable_from_value(loops.accu_var.as_str(), start);
                for item in items.iter() {
                    inner.add_variable_from_value(loops.iter_var.as_str(), item.clone());
                    self.count(&loops.loop_cond, &inner);
                    self.count(&loops.loop_step, &inner);
                    let Ok(step) = inner.resolve(&loops.loop_step) else { return };
                    inner.add_variable_from_value(loops.accu_var.as_str(), step);
                }
                self.count(&loops.result, &inner);
                self.measure(&context.resolve(expr));
            }
            _ => {}
        }
    }

    fn measure(&self, value: &Result<Value, ExecutionError>) {
        self.largest.set(self.largest.get().max(value.as_ref().map_or(0, bytes)));
    }
}

fn bytes(value: &Value) -> u64 {
    match value {
        Value::String(text) => text.len() as u64,
        Value::List(items) => items.iter().map(|item| bytes(item) + 32).sum(),
        _ => 32,
    }
}

/// The steps that `text` takes for the largest user; none if it is refused.
fn steps(text: &str) -> Option<u64> {
    let checked = check::read(&Expression::new(text)).ok()?;
    let (id, facts, taken) = (UserId::new("JIRAUSER1"), largest(), Taken::default());
    let subject = Subject { user: Some(&id), facts: &facts, now: NOW };
    let value = |field: &Field| Some((field.name(), field.value(&subject).ok()?));
    let user: HashMap<_, _> = checked.fields.iter().filter_map(value).collect();
    let mut context = Context::with_env(Arc::clone(&LANGUAGE));
    context.add_variable_from_value("user", user);
    context.add_variable_from_value("now", field::timestamp(NOW).expect("a time"));
    taken.count(checked.program.expression(), &context);
    assert!(taken.steps.get() <= STEPS, "{} steps: {text}", taken.steps.get());
    assert!(taken.largest.get() <= LARGEST, "a value of {} bytes: {text}", taken.largest.get());
    Some(taken.steps.get())
}

#[test]
fn the_longest_loop_in_a_loop_that_is_read_stays_within_the_steps() {
    let text = |length: usize| format!("user.groups.all(g, [{}].all(p, p != g))", vec!["'a'"; length].join(","));
    let longest = (1..).take_while(|length| check_expression(&Expression::new(text(*length))).is_ok()).last();
    let taken = steps(&text(longest.expect("one item"))).expect("it is read");
    assert!(taken > STEPS / 10, "the bound is far from what it bounds: {taken}");
}

/// Texts, conditions and lists, one in another; `x` is the item of whatever is gone through.
fn condition() -> impl Strategy<Value = String> {
    let text = prop_oneof![Just("'aaaaaaaaaaaaaaaa'"), Just("user.name"), Just("x"), Just("string(x)")];
    let text = text.prop_map(str::to_owned);
    let text = prop_oneof![text.clone(), prop::collection::vec(text, 1..8).prop_map(|parts| parts.join("+"))];
    let list = prop_oneof![Just("user.groups"), Just("user.applications"), Just("['a','b','c']"), Just("[x,x]")];
    let lists = list.prop_map(str::to_owned).prop_recursive(3, 12, 3, move |list| {
        prop_oneof![
            (list.clone(), text.clone()).prop_map(|(list, text)| format!("{list}.map(x,{text})")),
            (list.clone(), list.clone()).prop_map(|(list, other)| format!("{list}.map(x,{other})")),
            (list.clone(), text.clone()).prop_map(|(list, text)| format!("{list}.filter(x,x!={text})")),
            (list.clone(), list.clone()).prop_map(|(list, other)| format!("({list}+{other})")),
        ]
    });
    let condition = lists.clone().prop_map(|list| format!("{list}.size()<3"));
    condition.prop_recursive(3, 12, 3, move |condition| {
        prop_oneof![
            (lists.clone(), condition.clone()).prop_map(|(list, holds)| format!("{list}.exists(x,{holds})")),
            (lists.clone(), lists.clone()).prop_map(|(list, other)| format!("{list}.all(x,!(x in {other}))")),
            (lists.clone(), lists.clone()).prop_map(|(list, other)| format!("{list}=={other}")),
            (condition.clone(), condition).prop_map(|(one, other)| format!("({one}||{other})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_read_takes_no_more_steps_and_makes_no_larger_value_than_it_may(text in condition()) {
        steps(&text);
    }
}
