//! An expression's text: what it names, and how a plan may write it.

use super::{Reach, Refusal, Surroundings};
use crate::engine::functions::is_allowed;
use crate::engine::quotient;
use datafusion::error::{DataFusionError, Result};
use datafusion::sql::parser::DFParserBuilder;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident,
    ObjectName, Query, SetExpr, TableAlias, TableFactor, Value, Visit, VisitMut, Visitor, VisitorMut,
};
use datafusion::sql::sqlparser::parser::ParserError;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// One SQL expression: no statement, no name for it, nothing behind it.
#[derive(Debug, Clone)]
pub struct Expression {
    ast: Expr,
    survey: Survey,
}

impl Expression {
    /// Parses a text.
    pub fn parse(sql: &str) -> Result<Self> {
        let parsed = DFParserBuilder::new(sql).build()?.parse_into_expr()?;
        if let Some(alias) = parsed.alias {
            let text = format!("Expected: end of expression, found: {alias}");
            return Err(DataFusionError::SQL(Box::new(ParserError::ParserError(text)), None));
        }
        let mut survey = Survey::default();
        let _ = parsed.expr.visit(&mut survey);
        Ok(Self { ast: parsed.expr, survey })
    }

    pub(super) fn ast(&self) -> &Expr {
        &self.ast
    }

    /// Every name in it that may be a column's, in small letters unless it was quoted; those in subqueries too.
    pub fn names(&self) -> &BTreeSet<String> {
        &self.survey.names
    }

    /// The tables that its subqueries name.
    pub fn tables(&self) -> &BTreeSet<String> {
        &self.survey.tables
    }

    /// Whether it holds a subquery.
    pub fn has_subquery(&self) -> bool {
        self.survey.queries
    }

    /// Whether it looks at other rows: by a window or a subquery.
    pub fn is_among_rows(&self) -> bool {
        self.survey.queries || self.survey.windows
    }

    /// The column that it is, if it is nothing else.
    pub fn sole_column(&self) -> Option<String> {
        let mut part = &self.ast;
        while let Expr::Nested(within) = part {
            part = within;
        }
        match part {
            Expr::Identifier(name) => Some(folded(name)),
            Expr::CompoundIdentifier(path) => path.last().map(folded),
            _ => None,
        }
    }

    /// Refuses what can be seen before names are looked up.
    pub(super) fn admit(&self, place: &Surroundings<'_>) -> Result<(), Refusal> {
        if place.reach != Reach::Tables && self.is_among_rows() {
            return Err(Refusal::Beyond(if self.survey.queries { "SELECT" } else { "OVER" }.to_owned()));
        }
        if let Some(table) = self.survey.tables.iter().find(|t| !place.tables.contains_key(*t)) {
            return Err(Refusal::Table(table.clone()));
        }
        match self.survey.functions.iter().find(|f| !is_allowed(f)) {
            Some(function) => Err(Refusal::Function(function.clone())),
            None => Ok(()),
        }
    }

    /// The text for a plan: tables under other names, divisions as quotients, and what would end the plan (a rest by zero, a
    /// text that is no number) gives null instead, as it does where rows are computed by themselves.
    pub fn for_plan(&self, table: impl Fn(&str) -> String) -> String {
        let mut ast = self.ast.clone();
        let _ = VisitMut::visit(&mut ast, &mut ForPlan(table));
        ast.to_string()
    }
}

impl std::fmt::Display for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.ast.fmt(f)
    }
}

/// A name as the engine compares it.
fn folded(name: &Ident) -> String {
    if name.quote_style.is_some() { name.value.clone() } else { name.value.to_lowercase() }
}

/// A table's name: of several parts as they are written, so that it is none that is known.
fn table_name(name: &ObjectName) -> String {
    match name.0.as_slice() {
        [part] => part.as_ident().map_or_else(|| name.to_string(), folded),
        _ => name.to_string(),
    }
}

/// What is met in an expression.
#[derive(Debug, Clone, Default)]
struct Survey {
    names: BTreeSet<String>,
    tables: BTreeSet<String>,
    functions: BTreeSet<String>,
    queries: bool,
    windows: bool,
}

impl Visitor for Survey {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.queries = true;
        if let SetExpr::Table(table) = query.body.as_ref() {
            self.tables.insert(table.to_string());
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        self.tables.insert(table_name(relation));
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(name) => _ = self.names.insert(folded(name)),
            Expr::CompoundIdentifier(path) => self.names.extend(path.last().map(folded)),
            Expr::Function(Function { name, over, .. }) => {
                self.functions.insert(name.to_string().to_lowercase());
                self.windows |= over.is_some();
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// Writes an expression for a plan.
struct ForPlan<F>(F);

impl<F: Fn(&str) -> String> VisitorMut for ForPlan<F> {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { name, alias, .. } = factor {
            let known = table_name(name);
            let own = || TableAlias { explicit: true, name: Ident::new(known.clone()), columns: Vec::new(), at: None };
            alias.get_or_insert_with(own);
            *name = ObjectName::from(vec![Ident::new((self.0)(&known))]);
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        match expr {
            Expr::BinaryOp { op: BinaryOperator::Divide, left, right } => {
                let sides = [left, right].map(|side| std::mem::replace(side.as_mut(), number("0")));
                *expr = call(quotient::NAME, sides);
            }
            Expr::BinaryOp { op: BinaryOperator::Modulo, right, .. } if !is_number(right) => {
                let divisor = std::mem::replace(right.as_mut(), number("0"));
                **right = unless_zero(divisor);
            }
            Expr::Cast { kind, .. } => *kind = CastKind::TryCast,
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

fn call(name: &str, arguments: [Expr; 2]) -> Expr {
    let args = arguments.map(|argument| FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))).into();
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList { duplicate_treatment: None, args, clauses: Vec::new() }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

fn number(digits: &str) -> Expr {
    Expr::value(Value::Number(digits.to_owned(), false))
}

fn is_number(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if matches!(&value.value, Value::Number(digits, _) if digits.bytes().any(|b| (b'1'..=b'9').contains(&b))))
}

/// `CASE WHEN divisor <> 0 THEN divisor END`, which keeps its type.
fn unless_zero(divisor: Expr) -> Expr {
    let divisor = Expr::Nested(Box::new(divisor));
    let condition = Expr::BinaryOp { left: Box::new(divisor.clone()), op: BinaryOperator::NotEq, right: Box::new(number("0")) };
    let conditions = vec![CaseWhen { condition, result: divisor }];
    Expr::Case {
        case_token: datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken::empty(),
        end_token: datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken::empty(),
        operand: None,
        conditions,
        else_result: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(sql: &str) -> Vec<String> {
        Expression::parse(sql).expect("an expression").names().iter().cloned().collect()
    }

    #[test]
    fn names_are_columns_and_no_words_of_texts() {
        assert_eq!(names("abs(a - B_unit) <= 1.5 AND kind <> 'in_force or a''b c' -- d"), ["a", "b_unit", "kind"]);
        assert_eq!(names("CASE WHEN t.\"Revenue\" > 0 THEN lag(x) OVER (PARTITION BY y ORDER BY z) END"), ["Revenue", "x", "y", "z"]);
        assert_eq!(names("(SELECT max(n.amount) FROM needs n WHERE n.uscc = t.code) > 0"), ["amount", "code", "uscc"]);
    }

    #[test]
    fn nothing_stands_behind_an_expression() {
        for sql in [
            "",
            "a > 0) --",
            "a > 0;",
            "a > 0; SELECT 1",
            "a > 0 AS b",
            "a > 0 b",
            "a, b",
            "SELECT 1",
            "a > 0 UNION SELECT 1",
            "a > 0 FROM t",
        ] {
            assert!(Expression::parse(sql).is_err(), "{sql}");
        }
        assert_eq!(Expression::parse("a > 0 -- as ever").expect("a remark is no part of it").to_string(), "a > 0");
    }

    #[test]
    fn a_window_is_told_in_any_spelling() {
        for sql in ["sum(a) over()", "sum(a) OVER ()", "sum(a)  Over  (partition by b)", "1 + count(*) over (order by a)"] {
            assert!(Expression::parse(sql).expect("an expression").is_among_rows(), "{sql}");
        }
        for sql in ["over + 1", "' OVER ('", "\"over (\" > 1", "lower(over)"] {
            assert!(!Expression::parse(sql).expect("an expression").is_among_rows(), "{sql}");
        }
    }

    #[test]
    fn a_plan_reads_other_tables_and_does_not_end_by_a_zero() {
        let expression = Expression::parse("a / (b) > (SELECT max(needs.c::INT) FROM needs) % 3").expect("an expression");
        let want = "quotient(a, (b)) > (SELECT max(TRY_CAST(needs.c AS INT)) FROM all_needs AS needs) % 3";
        assert_eq!(expression.for_plan(|t| format!("all_{t}")), want);
        let rest = Expression::parse("a % (b) / 2 / 3").expect("an expression");
        assert_eq!(rest.for_plan(str::to_owned), "quotient(quotient(a % CASE WHEN ((b)) <> 0 THEN ((b)) END, 2), 3)");
        assert_eq!(expression.tables().iter().collect::<Vec<_>>(), ["needs"]);
    }

    #[test]
    fn a_sole_column_is_known_within_brackets() {
        let sole = |sql: &str| Expression::parse(sql).expect("an expression").sole_column();
        assert_eq!([sole("Revenue_last"), sole("((e.\"a\"))"), sole("a + 0")], [Some("revenue_last".into()), Some("a".into()), None]);
    }
}
