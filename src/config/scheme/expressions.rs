//! Texts that the rules evaluate: whether they can is the rules' to say.

use crate::{
    config::reader::{Reader, node::Node},
    domain::Expression,
    rules,
};

/// Reads an expression in CEL; reports one that the rules can't evaluate.
pub(in crate::config) fn expression(node: &Node, reader: &mut Reader<'_>) -> Option<Expression> {
    let expression = Expression::new(reader.filled(node)?);
    match rules::check_expression(&expression) {
        Ok(()) => Some(expression),
        Err(error) => {
            let message = error.message;
            let within = match error.position {
                Some((1, column)) => format!("at character {column} of the expression: "),
                Some((line, column)) => format!("at {line}:{column} of the expression: "),
                None => String::new(),
            };
            reader.refuse(&node.at, format!("{within}{message}"))
        }
    }
}

/// Reports a template that the rules can't fill in.
pub(in crate::config) fn check_template(text: &str, node: &Node, reader: &mut Reader<'_>) -> Option<()> {
    rules::check_template(text).map_or_else(|error| reader.refuse(&node.at, error.to_string()), Some)
}
