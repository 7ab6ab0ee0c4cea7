//! Kinds of values, and that an expression sets only values of one kind against each other.
//!
//! The engine makes texts of numbers and numbers of texts where two sides differ, so that a slip compares what nobody meant,
//! or leaves every record unjudged. Here a difference is the author's mistake; a cast is the author's will.

use super::{Kind, Refusal};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion, TreeNodeVisitor};
use datafusion::common::{DFSchema, ExprSchema, ScalarValue, TableReference};
use datafusion::error::Result as EngineResult;
use datafusion::logical_expr::expr::{AggregateFunction, Case, WindowFunction, WindowFunctionDefinition};
use datafusion::logical_expr::type_coercion::functions::{UDFCoercionExt, fields_with_udf};
use datafusion::logical_expr::{Between, BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator};
use datafusion::sql::unparser::Unparser;
use datafusion::sql::unparser::dialect::CustomDialectBuilder;

/// The key of a column's metadata that lists the words it may hold, each on a line of its own.
pub const WORDS: &str = "huichi.words";

/// Functions that give one of their arguments, so that all must be of one kind; the number of those before them.
const ONE_OF: [(&str, usize); 7] = [("coalesce", 0), ("nvl", 0), ("ifnull", 0), ("nullif", 0), ("greatest", 0), ("least", 0), ("nvl2", 1)];

impl Kind {
    /// The kind of a type's values; none of what is null throughout.
    pub fn of(data_type: &DataType) -> Option<Self> {
        match data_type {
            DataType::Null => None,
            DataType::Boolean => Some(Self::Flag),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Some(Self::Text),
            DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => Some(Self::Date),
            DataType::Interval(_) | DataType::Duration(_) | DataType::Time32(_) | DataType::Time64(_) => Some(Self::Span),
            DataType::Dictionary(_, of) => Self::of(of),
            other if other.is_numeric() => Some(Self::Number),
            _ => Some(Self::List),
        }
    }
}

/// Refuses an expression over a schema that sets values of different kinds against each other, those in its subqueries too.
pub(super) fn agree(expr: &Expr, schema: &DFSchema, qualifier: &str) -> Result<(), Refusal> {
    let mut walk = Walk { schema, qualifier, refusal: None };
    expr.visit(&mut walk)?;
    walk.refusal.map_or(Ok(()), Err)
}

/// From the leaves up, so that what is refused is the smallest part that is wrong.
struct Walk<'a> {
    schema: &'a DFSchema,
    qualifier: &'a str,
    refusal: Option<Refusal>,
}

impl<'n> TreeNodeVisitor<'n> for Walk<'_> {
    type Node = Expr;

    fn f_up(&mut self, part: &'n Expr) -> EngineResult<TreeNodeRecursion> {
        self.refusal = self.check(part).err();
        Ok(if self.refusal.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    }
}

impl Walk<'_> {
    fn check(&self, part: &Expr) -> Result<(), Refusal> {
        match part {
            Expr::BinaryExpr(binary) => self.binary(part, binary),
            Expr::Like(like) | Expr::SimilarTo(like) => self.all(part, [like.expr.as_ref(), &like.pattern], Kind::Text),
            Expr::Not(of)
            | Expr::IsTrue(of)
            | Expr::IsFalse(of)
            | Expr::IsUnknown(of)
            | Expr::IsNotTrue(of)
            | Expr::IsNotFalse(of)
            | Expr::IsNotUnknown(of) => self.all(part, [of.as_ref()], Kind::Flag),
            Expr::Negative(of) if self.kind(of) != Some(Kind::Span) => self.all(part, [of.as_ref()], Kind::Number),
            Expr::Between(between) => self.between(part, between),
            Expr::InList(list) => list.list.iter().try_for_each(|item| self.compare(part, &list.expr, item)),
            Expr::Case(case) => self.case(part, case),
            Expr::Cast(cast) => self.cast(part, &cast.expr, &cast.field),
            Expr::TryCast(cast) => self.cast(part, &cast.expr, &cast.field),
            Expr::ScalarFunction(call) => self.call(part, call.func.as_ref(), &call.args),
            Expr::AggregateFunction(AggregateFunction { func, params }) => {
                self.all(part, params.filter.as_deref(), Kind::Flag)?;
                self.call(part, func.as_ref(), &params.args)
            }
            Expr::WindowFunction(window) => self.window(part, window),
            Expr::ScalarSubquery(query) => self.plan(&query.subquery),
            Expr::Exists(exists) => self.plan(&exists.subquery.subquery),
            Expr::InSubquery(list) => self.plan(&list.subquery.subquery),
            Expr::SetComparison(set) => self.plan(&set.subquery.subquery),
            _ => Ok(()),
        }
    }

    fn binary(&self, part: &Expr, BinaryExpr { left, op, right }: &BinaryExpr) -> Result<(), Refusal> {
        use Operator as Op;
        let sides = [left.as_ref(), right.as_ref()];
        match op {
            Op::Eq | Op::NotEq | Op::Lt | Op::LtEq | Op::Gt | Op::GtEq => self.compare(part, left, right),
            Op::IsDistinctFrom | Op::IsNotDistinctFrom if sides.iter().any(|s| is_null(s)) => Ok(()),
            Op::IsDistinctFrom | Op::IsNotDistinctFrom => self.compare(part, left, right),
            Op::And => {
                self.all(part, sides, Kind::Flag)?;
                if super::bounds::exclude_each_other(part) { Err(Refusal::Never(self.text(part))) } else { Ok(()) }
            }
            Op::Or => self.all(part, sides, Kind::Flag),
            Op::Plus | Op::Minus => match (self.kind(left), self.kind(right)) {
                (Some(Kind::Date | Kind::Span), Some(Kind::Span)) | (None, _) | (_, None) => Ok(()),
                (Some(Kind::Span), Some(Kind::Date)) if *op == Op::Plus => Ok(()),
                (Some(Kind::Date), Some(Kind::Date)) if *op == Op::Minus => Ok(()),
                (Some(a), Some(b)) if a != b => Err(self.mixed(part, (left, a), (right, b))),
                _ => self.all(part, sides, Kind::Number),
            },
            Op::Multiply if sides.iter().any(|s| self.kind(s) == Some(Kind::Span)) => Ok(()),
            Op::Multiply | Op::Divide | Op::Modulo => self.all(part, sides, Kind::Number),
            Op::BitwiseAnd | Op::BitwiseOr | Op::BitwiseXor | Op::BitwiseShiftLeft | Op::BitwiseShiftRight => {
                self.all(part, sides, Kind::Number)
            }
            Op::StringConcat | Op::RegexMatch | Op::RegexIMatch | Op::RegexNotMatch | Op::RegexNotIMatch => {
                self.all(part, sides, Kind::Text)
            }
            Op::LikeMatch | Op::ILikeMatch | Op::NotLikeMatch | Op::NotILikeMatch => self.all(part, sides, Kind::Text),
            _ => Ok(()),
        }
    }

    fn between(&self, part: &Expr, between: &Between) -> Result<(), Refusal> {
        self.compare(part, &between.expr, &between.low)?;
        self.compare(part, &between.expr, &between.high)?;
        let empty = super::bounds::is_empty(&between.low, &between.high);
        if empty { Err(Refusal::Never(self.text(part))) } else { Ok(()) }
    }

    fn case(&self, part: &Expr, case: &Case) -> Result<(), Refusal> {
        for (when, _) in &case.when_then_expr {
            match &case.expr {
                Some(operand) => self.compare(part, operand, when)?,
                None => self.all(part, [when.as_ref()], Kind::Flag)?,
            }
        }
        let results = case.when_then_expr.iter().map(|(_, then)| then.as_ref()).chain(case.else_expr.as_deref());
        self.one_kind(part, results)
    }

    fn window(&self, part: &Expr, window: &WindowFunction) -> Result<(), Refusal> {
        self.all(part, window.params.filter.as_deref(), Kind::Flag)?;
        match &window.fun {
            WindowFunctionDefinition::AggregateUDF(function) => self.call(part, function.as_ref(), &window.params.args),
            WindowFunctionDefinition::WindowUDF(function) => self.call(part, function.as_ref(), &window.params.args),
        }
    }

    /// A constant that never becomes the type it is cast to.
    fn cast(&self, part: &Expr, of: &Expr, to: &Field) -> Result<(), Refusal> {
        match constant_text(of) {
            Some(text) if ScalarValue::from(text).cast_to(to.data_type()).is_err() => {
                Err(self.no_value(part, text, Kind::of(to.data_type())))
            }
            _ => Ok(()),
        }
    }

    /// A call, whose arguments are of the kinds that the function takes.
    fn call(&self, part: &Expr, function: &impl UDFCoercionExt, arguments: &[Expr]) -> Result<(), Refusal> {
        if let Some((_, before)) = ONE_OF.iter().find(|(name, _)| *name == function.name()) {
            self.one_kind(part, arguments.iter().skip(*before))?;
        }
        let fields = arguments.iter().map(|a| Ok(a.to_field(self.schema)?.1)).collect::<EngineResult<Vec<FieldRef>>>()?;
        let Ok(taken) = fields_with_udf(&fields, function) else {
            let kinds = arguments.iter().map(|a| self.kind(a)).collect();
            return Err(Refusal::Arguments(self.text(part), kinds));
        };
        for ((argument, is), wanted) in arguments.iter().zip(&fields).zip(&taken) {
            let kinds = (Kind::of(is.data_type()), Kind::of(wanted.data_type()));
            if let (Some(is), Some(wanted)) = kinds
                && is != wanted
            {
                match constant_text(argument).filter(|_| wanted == Kind::Date) {
                    Some(text) if is_date(text) => {}
                    Some(text) => return Err(self.no_value(part, text, Some(wanted))),
                    None => return Err(self.unfit(part, argument, is, wanted)),
                }
            }
        }
        Ok(())
    }

    /// Every expression of a subquery's plan, over the columns that its node is given.
    fn plan(&self, plan: &LogicalPlan) -> Result<(), Refusal> {
        let mut refusal = None;
        plan.apply(|node| {
            let mut schema = DFSchema::empty();
            node.inputs().iter().for_each(|input| schema.merge(input.schema()));
            let given = if node.inputs().is_empty() { node.schema().as_ref() } else { &schema };
            node.apply_expressions(|expr| {
                refusal = refusal.take().or(agree(expr, given, self.qualifier).err());
                Ok(if refusal.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
            })
        })?;
        refusal.map_or(Ok(()), Err)
    }

    /// Two values of which one is held against the other.
    fn compare(&self, part: &Expr, left: &Expr, right: &Expr) -> Result<(), Refusal> {
        if is_null(left) || is_null(right) {
            return Err(Refusal::WithNull(self.text(part)));
        }
        match (self.kind(left), self.kind(right)) {
            (Some(Kind::Date), Some(Kind::Text)) if let Some(text) = constant_text(right) => self.date(part, text),
            (Some(Kind::Text), Some(Kind::Date)) if let Some(text) = constant_text(left) => self.date(part, text),
            (Some(a), Some(b)) if a != b => Err(self.mixed(part, (left, a), (right, b))),
            (Some(Kind::Text), Some(Kind::Text)) => self.word(part, left, right).and_then(|()| self.word(part, right, left)),
            _ => Ok(()),
        }
    }

    fn date(&self, part: &Expr, text: &str) -> Result<(), Refusal> {
        if is_date(text) { Ok(()) } else { Err(self.no_value(part, text, Some(Kind::Date))) }
    }

    /// A column of words against one that it never holds.
    fn word(&self, part: &Expr, column: &Expr, word: &Expr) -> Result<(), Refusal> {
        let words = match column {
            Expr::Column(name) => self.schema.field_from_column(name).ok().and_then(|f| f.metadata().get(WORDS)),
            Expr::OuterReferenceColumn(field, _) => field.metadata().get(WORDS),
            _ => None,
        };
        let Some((words, word)) = words.zip(constant_text(word)) else { return Ok(()) };
        if words.lines().any(|known| known == word) {
            return Ok(());
        }
        let words = words.lines().map(str::to_owned).collect();
        Err(Refusal::Word { part: self.text(part), column: self.text(column), word: word.to_owned(), words })
    }

    /// Values of which one is taken.
    fn one_kind<'e>(&self, part: &Expr, values: impl Iterator<Item = &'e Expr>) -> Result<(), Refusal> {
        let mut known = values.filter_map(|value| Some((value, self.kind(value)?)));
        let Some((first, kind)) = known.next() else { return Ok(()) };
        match known.find(|(_, other)| *other != kind) {
            Some((other, different)) => Err(self.mixed(part, (first, kind), (other, different))),
            None => Ok(()),
        }
    }

    /// Values that must all be of a kind.
    fn all<'e>(&self, part: &Expr, values: impl IntoIterator<Item = &'e Expr>, wanted: Kind) -> Result<(), Refusal> {
        let mut known = values.into_iter().filter_map(|value| Some((value, self.kind(value)?)));
        match known.find(|(_, kind)| *kind != wanted) {
            Some((value, is)) => Err(self.unfit(part, value, is, wanted)),
            None => Ok(()),
        }
    }

    fn kind(&self, expr: &Expr) -> Option<Kind> {
        expr.get_type(self.schema).ok().and_then(|t| Kind::of(&t))
    }

    fn mixed(&self, part: &Expr, left: (&Expr, Kind), right: (&Expr, Kind)) -> Refusal {
        Refusal::Mixed { part: self.text(part), left: (self.text(left.0), left.1), right: (self.text(right.0), right.1) }
    }

    fn unfit(&self, part: &Expr, value: &Expr, is: Kind, wanted: Kind) -> Refusal {
        Refusal::Unfit { part: self.text(part), value: self.text(value), is, wanted }
    }

    fn no_value(&self, part: &Expr, text: &str, wanted: Option<Kind>) -> Refusal {
        Refusal::NoValue { part: self.text(part), text: text.to_owned(), wanted: wanted.unwrap_or(Kind::List) }
    }

    /// A part as its author might have written it.
    fn text(&self, part: &Expr) -> String {
        let own = TableReference::bare(self.qualifier);
        let bare = part.clone().transform(|e| {
            Ok(match e {
                Expr::Column(mut column) if column.relation.as_ref() == Some(&own) => {
                    column.relation = None;
                    datafusion::common::tree_node::Transformed::yes(Expr::Column(column))
                }
                other => datafusion::common::tree_node::Transformed::no(other),
            })
        });
        // Its words are shown, not read again, so that none needs quotation marks.
        let plain = CustomDialectBuilder::new().build();
        let unparser = Unparser::new(&plain).with_pretty(true);
        let text = bare.and_then(|bare| unparser.expr_to_sql(&bare.data)).map(|sql| sql.to_string());
        text.unwrap_or_else(|_| part.human_display().to_string())
    }
}

fn is_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(value, _) if value.is_null())
}

fn constant_text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Literal(value, _) => value.try_as_str().flatten(),
        _ => None,
    }
}

fn is_date(text: &str) -> bool {
    ScalarValue::from(text).cast_to(&DataType::Date32).is_ok()
}
