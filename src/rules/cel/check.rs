//! Reads an expression and checks it whole: names, types, and how long it can take.

use cel::{
    Program,
    common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, ListExpr, LiteralValue, SelectExpr},
};

use crate::domain::Expression;

use super::{
    Checked, ExpressionError, LANGUAGE,
    bounds::{self, Cost},
    field::Field,
    functions,
    types::Type,
};

/// Reads `expression` as a condition.
pub(super) fn read(expression: &Expression) -> Result<Checked> {
    let text = expression.as_str();
    bounds::of_text(text)?;
    let program = LANGUAGE.compile(text).map_err(|errors| ExpressionError::of_parser(&errors))?;
    let mut check = Check { program: &program, fields: Vec::new(), names: Vec::new(), cost: Cost::default() };
    let whole = check.of(program.expression())?;
    if whole.ty != Type::Bool {
        let message = format!("the expression is a {}, and a condition has to be true or false", whole.ty);
        return Err(ExpressionError { message, position: None });
    }
    let fields = check.fields;
    Ok(Checked { program, fields })
}

/// What an expression comes to, and how long it may be if it is a list.
struct Typed {
    ty: Type,
    length: u64,
}

impl Typed {
    fn of(ty: Type) -> Self {
        Self { ty, length: 1 }
    }
}

struct Check<'a> {
    program: &'a Program,
    /// What it names of `user`, each once.
    fields: Vec<Field>,
    /// The names that macros bring, innermost last.
    names: Vec<(&'a str, Type)>,
    cost: Cost,
}

type Result<T, E = ExpressionError> = std::result::Result<T, E>;

impl<'a> Check<'a> {
    fn of(&mut self, expr: &'a IdedExpr) -> Result<Typed> {
        self.cost.add(1)?;
        match &expr.expr {
            Expr::Literal(literal) => self.literal(expr, literal),
            Expr::Ident(name) => self.name(expr, name),
            Expr::Select(select) => self.select(expr, select),
            Expr::Call(call) => self.call(expr, call),
            Expr::List(list) => self.list(expr, list),
            Expr::Comprehension(comprehension) => self.comprehension(expr, comprehension),
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                Err(self.wrong(expr, "there are no maps and structures in conditions"))
            }
        }
    }

    fn literal(&self, expr: &IdedExpr, literal: &LiteralValue) -> Result<Typed> {
        let ty = match literal {
            LiteralValue::Boolean(_) => Type::Bool,
            LiteralValue::Int(_) => Type::Int,
            LiteralValue::Double(_) => Type::Double,
            LiteralValue::String(_) => Type::String,
            LiteralValue::Null => {
                let why = "there is no `null`: a fact that is not known makes the whole condition unknown";
                return Err(self.wrong(expr, why));
            }
            LiteralValue::Bytes(_) | LiteralValue::UInt(_) => {
                return Err(self.wrong(expr, "write a text as `\"...\"`, and a number without `u`"));
            }
        };
        Ok(Typed::of(ty))
    }

    fn name(&self, expr: &IdedExpr, name: &str) -> Result<Typed> {
        if let Some((_, ty)) = self.names.iter().rev().find(|(known, _)| *known == name) {
            return Ok(Typed { ty: ty.clone(), length: bounds::LONGEST_LIST });
        }
        match name {
            "now" => Ok(Typed::of(Type::Timestamp)),
            "user" => Err(self.wrong(expr, "`user` alone is no value; write one of its facts, `user.groups`, say")),
            other => Err(self.wrong(expr, &format!("`{other}` is not known here; write `user.` and a fact, or `now`"))),
        }
    }

    fn select(&mut self, expr: &'a IdedExpr, select: &'a SelectExpr) -> Result<Typed> {
        if select.test {
            return Err(self.wrong(expr, "leave `has()` out: where a fact is not known the whole condition is unknown"));
        }
        if !matches!(&select.operand.expr, Expr::Ident(name) if name == "user") {
            self.of(&select.operand)?;
            let message = format!("only `user` has facts; what stands before `.{}` has none", select.field);
            return Err(self.wrong(expr, &message));
        }
        let Some(field) = Field::ALL.into_iter().find(|field| field.name() == select.field) else {
            let names = Field::ALL.map(Field::name);
            let instead = bounds::instead(&select.field, &names);
            return Err(self.wrong(&select.operand, &format!("`user.{}` is not known; {instead}", select.field)));
        };
        if !self.fields.contains(&field) {
            self.fields.push(field);
        }
        Ok(Typed { ty: field.ty(), length: bounds::LONGEST_LIST })
    }

    fn list(&mut self, expr: &IdedExpr, list: &'a ListExpr) -> Result<Typed> {
        let mut item = Type::Nothing;
        for element in &list.elements {
            let typed = self.of(element)?;
            item = item.with(&typed.ty).ok_or_else(|| {
                self.wrong(element, &format!("a list holds things of one kind; here are a {item} and a {}", typed.ty))
            })?;
        }
        if !list.optional_indices.is_empty() {
            return Err(self.wrong(expr, "there are no optional values in conditions"));
        }
        Ok(Typed { ty: Type::list_of(item), length: list.elements.len() as u64 })
    }

    fn call(&mut self, expr: &'a IdedExpr, call: &'a CallExpr) -> Result<Typed> {
        let name = call.func_name.as_str();
        if !functions::is_operator(name) && !functions::NAMES.contains(&name) {
            let instead = bounds::instead(name, &functions::NAMES);
            return Err(self.wrong(expr, &format!("there is no function `{name}`; {instead}")));
        }
        let target = call.target.as_deref().map(|target| self.of(target)).transpose()?;
        let arguments = call.args.iter().map(|argument| self.of(argument)).collect::<Result<Vec<_>>>()?;
        let length = target.iter().chain(&arguments).map(|typed| typed.length).sum();
        let target = target.map(|typed| typed.ty);
        let arguments: Vec<_> = arguments.into_iter().map(|typed| typed.ty).collect();
        if name == "matches" {
            self.pattern(call.args.last().unwrap_or(expr))?;
        }
        self.cost.add(functions::cost(name, length))?;
        match functions::result(name, target.as_ref(), &arguments) {
            Some(ty) => Ok(Typed { ty, length }),
            None => Err(self.wrong(expr, &functions::misfit(name, target.as_ref(), &arguments))),
        }
    }

    /// A pattern has to stand there as it is, so that it is found out now whether it is one.
    fn pattern(&self, pattern: &IdedExpr) -> Result<()> {
        let Expr::Literal(LiteralValue::String(text)) = &pattern.expr else {
            return Err(self.wrong(pattern, "write the pattern of `matches` as a text in quotes"));
        };
        match bounds::of_pattern(text.inner()) {
            Ok(()) => Ok(()),
            Err(why) => Err(self.wrong(pattern, &why)),
        }
    }

    /// What the parser makes of `all`, `exists`, `filter` and their like.
    fn comprehension(&mut self, expr: &IdedExpr, loops: &'a ComprehensionExpr) -> Result<Typed> {
        let range = self.of(&loops.iter_range)?;
        let Type::List(item) = range.ty else {
            return Err(self.wrong(expr, &format!("only a list can be gone through, and this is a {}", range.ty)));
        };
        if loops.iter_var2.is_some() {
            return Err(self.wrong(expr, "write one name for the items of the list"));
        }
        if ["user", "now"].contains(&loops.iter_var.as_str()) {
            return Err(self.wrong(expr, &format!("`{}` has a meaning here; write another name", loops.iter_var)));
        }
        let start = self.of(&loops.accu_init)?.ty;
        self.names.push((&loops.accu_var, start.clone()));
        self.names.push((&loops.iter_var, *item));
        let outside = self.cost.enter(range.length);
        let condition = self.of(&loops.loop_cond)?.ty;
        let step = self.of(&loops.loop_step)?.ty;
        self.cost.leave(outside);
        self.names.pop();
        let fits = start.with(&step).filter(|_| condition == Type::Bool);
        let Some(accumulated) = fits else {
            return Err(self.wrong(expr, "what is asked of each item does not fit"));
        };
        if let Some((_, ty)) = self.names.last_mut() {
            *ty = accumulated;
        }
        let ty = self.of(&loops.result)?.ty;
        self.names.pop();
        Ok(Typed { ty, length: range.length })
    }

    fn wrong(&self, expr: &IdedExpr, message: &str) -> ExpressionError {
        let source = self.program.source_info();
        let position = source.offset_for(expr.id).map(|(start, _)| bounds::position(&source.source, start));
        ExpressionError { message: message.to_owned(), position }
    }
}
