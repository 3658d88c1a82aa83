//! Functions and operators by the types they take.

use cel::common::ast::operators as op;

use super::{
    size::Size,
    types::Type::{self, Bool, Double, Duration, Int, List, Nothing, String, Timestamp},
};

/// The functions that an expression may call, to name the nearest one.
pub(super) const NAMES: [&str; 27] = [
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "size",
    "getFullYear",
    "getMonth",
    "getDayOfYear",
    "getDayOfMonth",
    "getDate",
    "getDayOfWeek",
    "getHours",
    "getMinutes",
    "getSeconds",
    "getMilliseconds",
    "int",
    "double",
    "string",
    "timestamp",
    "duration",
    "all",
    "exists",
    "exists_one",
    "existsOne",
    "filter",
    "map",
    "bool",
];

/// The type of the result of calling `name` on `target` with `arguments`; none if it does not accept these types.
pub(super) fn result(name: &str, target: Option<&Type>, arguments: &[Type]) -> Option<Type> {
    match target {
        Some(target) => method(name, target, arguments),
        None => function(name, arguments),
    }
}

fn method(name: &str, target: &Type, arguments: &[Type]) -> Option<Type> {
    match (name, target, arguments) {
        ("contains" | "startsWith" | "endsWith" | "matches", String, [String]) => Some(Bool),
        ("size", String | List(_), []) => Some(Int),
        ("getHours" | "getMinutes" | "getSeconds" | "getMilliseconds", Timestamp | Duration, []) => Some(Int),
        ("getHours" | "getMinutes" | "getSeconds" | "getMilliseconds", Timestamp, [String]) => Some(Int),
        (
            "getFullYear" | "getMonth" | "getDayOfYear" | "getDayOfMonth" | "getDate" | "getDayOfWeek",
            Timestamp,
            [] | [String],
        ) => Some(Int),
        _ => None,
    }
}

fn function(name: &str, arguments: &[Type]) -> Option<Type> {
    match (name, arguments) {
        ("size", [String | List(_)]) => Some(Int),
        ("matches", [String, String]) => Some(Bool),
        ("int", [Int | Double | String | Timestamp]) => Some(Int),
        ("double", [Int | Double | String]) => Some(Double),
        ("bool", [Bool | String]) => Some(Bool),
        ("string", [Bool | Int | Double | String | Timestamp | Duration]) => Some(String),
        ("timestamp", [String | Int | Timestamp]) => Some(Timestamp),
        ("duration", [String | Duration]) => Some(Duration),
        (op::LOGICAL_NOT | op::NOT_STRICTLY_FALSE, [Bool]) => Some(Bool),
        (op::NEGATE, [number @ (Int | Double)]) => Some(number.clone()),
        (op::CONDITIONAL, [Bool, one, other]) => one.with(other),
        (op::INDEX, [List(item), Int]) if **item != Nothing => Some((**item).clone()),
        (_, [one, other]) => operator(name, one, other),
        _ => None,
    }
}

fn operator(name: &str, one: &Type, other: &Type) -> Option<Type> {
    match (name, one, other) {
        (op::LOGICAL_AND | op::LOGICAL_OR, Bool, Bool) => Some(Bool),
        (op::EQUALS | op::NOT_EQUALS, _, _) => one.with(other).map(|_| Bool),
        (op::LESS | op::LESS_EQUALS | op::GREATER | op::GREATER_EQUALS, _, _) => {
            one.with(other).filter(Type::has_order).map(|_| Bool)
        }
        (op::IN, item, List(items)) => item.with(items).map(|_| Bool),
        (op::ADD, List(_) | String, _) => one.with(other),
        (op::ADD, Timestamp, Duration) | (op::ADD, Duration, Timestamp) => Some(Timestamp),
        (op::SUBSTRACT, Timestamp, Timestamp) => Some(Duration),
        (op::SUBSTRACT, Timestamp, Duration) => Some(Timestamp),
        (op::ADD | op::SUBSTRACT, Duration, Duration) => Some(Duration),
        (op::ADD | op::SUBSTRACT | op::MULTIPLY | op::DIVIDE, Int, Int) | (op::MODULO, Int, Int) => Some(Int),
        (op::ADD | op::SUBSTRACT | op::MULTIPLY | op::DIVIDE, Double, Double) => Some(Double),
        _ => None,
    }
}

/// Whether `name`, as the parser calls it, is an operator of the language.
pub(super) fn is_operator(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// An operator as it is written: `_&&_` is `&&`.
pub(super) fn written(name: &str) -> std::string::String {
    name.replace(['_', '@'], "")
}

/// Why `result` has none.
pub(super) fn misfit(name: &str, target: Option<&Type>, arguments: &[Type]) -> std::string::String {
    let arguments: Vec<_> = arguments.iter().map(Type::to_string).collect();
    let with = if arguments.is_empty() { "nothing".to_owned() } else { arguments.join(" and ") };
    match target {
        Some(target) => format!("`{name}` of a {target} does not go with {with}"),
        None if is_operator(name) => format!("`{}` does not go with {with}", written(name)),
        None => format!("`{name}` does not go with {with}"),
    }
}

/// The highest size of the result, of the type `ty`; `sizes` are those of the target and the arguments, the target
/// first.
pub(super) fn size(name: &str, ty: &Type, mut sizes: Vec<Size>) -> Size {
    match (name, sizes.pop(), sizes.pop()) {
        (op::ADD, Some(right), Some(left)) if matches!(ty, String | List(_)) => left.and(right),
        (op::CONDITIONAL, Some(no), Some(yes)) => yes.or(no),
        (op::INDEX, Some(_), Some(list)) => list.item(),
        (_, Some(argument), _) => Size::of_result(ty, &[argument]),
        (..) => Size::ONE,
    }
}

/// The number of steps of a call, besides one and the compiling of a pattern; `sizes` are those of its inputs.
pub(super) fn cost(name: &str, sizes: &[Size]) -> u64 {
    let sum = |of: fn(&Size) -> u64| sizes.iter().map(of).fold(0, u64::saturating_add);
    let bytes = sum(Size::bytes);
    match name {
        op::IN | op::EQUALS | op::NOT_EQUALS => sum(Size::length) / 16 + bytes / 4096,
        "contains" | "size" => bytes / 1024,
        "startsWith" | "endsWith" => 0,
        _ if is_operator(name) => 0,
        // Each byte of a text is looked at, and not only compared.
        _ => bytes / 64,
    }
}
