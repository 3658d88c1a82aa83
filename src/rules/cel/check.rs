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
    functions, pattern,
    size::Size,
    types::Type,
};

/// Reads `expression` as a condition.
///
/// # Errors
/// [`ExpressionError`] if the text is no expression, is no condition, uses what is not allowed, or could take too long.
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

/// The type of an expression's value, and its highest size.
#[derive(Clone)]
struct Typed {
    ty: Type,
    size: Size,
}

impl Typed {
    /// A type whose values all have the same size.
    fn of(ty: Type) -> Self {
        Self { ty, size: Size::ONE }
    }
}

struct Check<'a> {
    program: &'a Program,
    /// The fields of `user` that it uses, each once.
    fields: Vec<Field>,
    /// The names that macros bring, innermost last.
    names: Vec<(&'a str, Typed)>,
    cost: Cost,
}

type Result<T, E = ExpressionError> = std::result::Result<T, E>;

impl<'a> Check<'a> {
    fn of(&mut self, expr: &'a IdedExpr) -> Result<Typed> {
        let typed = self.typed(expr)?;
        let bytes = typed.size.bytes();
        if bytes > bounds::LARGEST {
            let why = "this could come to more than 1 MiB for one user; join fewer texts and lists";
            return Err(self.wrong(expr, why));
        }
        // A value may be copied where it is used.
        self.cost.add(1 + bytes / 4096)?;
        Ok(typed)
    }

    fn typed(&mut self, expr: &'a IdedExpr) -> Result<Typed> {
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
            LiteralValue::String(text) => {
                return Ok(Typed { ty: Type::String, size: Size::of_text(text.inner()) });
            }
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
        if let Some((_, typed)) = self.names.iter().rev().find(|(known, _)| *known == name) {
            return Ok(typed.clone());
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
        let ty = field.ty();
        let size = Size::of_fact(&ty);
        Ok(Typed { ty, size })
    }

    fn list(&mut self, expr: &IdedExpr, list: &'a ListExpr) -> Result<Typed> {
        let mut item = Type::Nothing;
        let mut size = Size::Flat(0);
        for element in &list.elements {
            let typed = self.of(element)?;
            item = item.with(&typed.ty).ok_or_else(|| {
                self.wrong(element, &format!("a list holds things of one kind; here are a {item} and a {}", typed.ty))
            })?;
            size = size.or(typed.size);
        }
        if !list.optional_indices.is_empty() {
            return Err(self.wrong(expr, "there are no optional values in conditions"));
        }
        Ok(Typed { ty: Type::list_of(item), size: Size::list(list.elements.len() as u64, size) })
    }

    fn call(&mut self, expr: &'a IdedExpr, call: &'a CallExpr) -> Result<Typed> {
        let name = call.func_name.as_str();
        if !functions::is_operator(name) && !functions::NAMES.contains(&name) {
            let instead = bounds::instead(name, &functions::NAMES);
            return Err(self.wrong(expr, &format!("there is no function `{name}`; {instead}")));
        }
        let target = call.target.as_deref().map(|target| self.of(target)).transpose()?;
        let has_target = target.is_some();
        let arguments = call.args.iter().map(|argument| self.of(argument)).collect::<Result<Vec<_>>>()?;
        let (types, sizes): (Vec<_>, Vec<_>) =
            target.into_iter().chain(arguments).map(|typed| (typed.ty, typed.size)).unzip();
        let (target, arguments) = types.split_at(usize::from(has_target));
        if name == "matches" {
            let steps = self.pattern(call.args.last().unwrap_or(expr))?;
            self.cost.add(steps)?;
        }
        self.cost.add(functions::cost(name, &sizes))?;
        match functions::result(name, target.first(), arguments) {
            Some(ty) => Ok(Typed { size: functions::size(name, &ty, sizes), ty }),
            None => Err(self.wrong(expr, &functions::misfit(name, target.first(), arguments))),
        }
    }

    /// Checks a pattern. It has to be a literal, so that an error is found now. Returns the cost of compiling it.
    fn pattern(&self, pattern: &IdedExpr) -> Result<u64> {
        let Expr::Literal(LiteralValue::String(text)) = &pattern.expr else {
            return Err(self.wrong(pattern, "write the pattern of `matches` as a text in quotes"));
        };
        pattern::steps_to_read(text.inner()).map_err(|why| self.wrong(pattern, why))
    }

    /// The form that the parser produces for `all`, `exists`, `filter` and similar.
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
        let length = range.size.length();
        let start = self.of(&loops.accu_init)?;
        self.names.push((&loops.accu_var, start.clone()));
        self.names.push((&loops.iter_var, Typed { ty: *item, size: range.size.item() }));
        let outside = self.cost.enter(length);
        let condition = self.of(&loops.loop_cond)?.ty;
        let step = self.of(&loops.loop_step)?;
        self.cost.leave(outside);
        self.names.pop();
        let fits = start.ty.with(&step.ty).filter(|_| condition == Type::Bool);
        let Some(ty) = fits else {
            return Err(self.wrong(expr, "what is asked of each item does not fit"));
        };
        if let Some((_, accumulated)) = self.names.last_mut() {
            // Each step adds to a list what the first adds to an empty one: the parser makes no others.
            *accumulated = Typed { ty, size: start.size.or(step.size).times(length) };
        }
        let result = self.of(&loops.result)?;
        self.names.pop();
        Ok(result)
    }

    fn wrong(&self, expr: &IdedExpr, message: &str) -> ExpressionError {
        let source = self.program.source_info();
        let position = source.offset_for(expr.id).map(|(start, _)| bounds::position(&source.source, start));
        ExpressionError { message: message.to_owned(), position }
    }
}
