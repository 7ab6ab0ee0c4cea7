//! SQL expressions as a site writes them: parsed by themselves, held against what their place allows, computed over batches.
//!
//! Owns: what may stand in an expression. Nothing is spliced into a statement unparsed, so nothing can stand behind an
//! expression; what depends on a clock, on chance or on the session is on no list of functions; what looks beyond its own
//! row may do so only where plans are made that keep each value beside its record.
//! An expression over single rows is computed over the batches themselves: its values stand in the order of the rows by
//! construction.

mod bounds;
mod complaint;
mod computation;
mod kinds;
mod survey;

pub use complaint::Complaint;
pub use computation::Computation;
pub use kinds::WORDS;
pub use survey::Expression;

use super::failure::EngineError;
use super::functions::is_allowed;
use super::quotient;
use super::session::Engine;
use datafusion::arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, TableReference};
use datafusion::config::ConfigOptions;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::logical_plan::builder::LogicalTableSource;
use datafusion::logical_expr::planner::{ContextProvider, ExprPlanner};
use datafusion::logical_expr::{
    AggregateUDF, BinaryExpr, Expr, ExprSchemable, HigherOrderUDF, LogicalPlan, Operator, ScalarUDF, TableSource, WindowUDF,
};
use datafusion::sql::planner::{ParserOptions, PlannerContext, SqlToRel};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Tables that a subquery may name, with their columns.
pub type TableSchemas = BTreeMap<String, SchemaRef>;

/// What an expression may look at beside the values of its own row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Nothing.
    Row,
    /// The rows of its group: aggregates.
    Group,
    /// Other rows, and tables of the scope: windows and subqueries.
    Tables,
}

/// Where an expression stands.
#[derive(Debug)]
pub struct Surroundings<'a> {
    qualifier: &'static str,
    schema: DFSchema,
    tables: &'a TableSchemas,
    reach: Reach,
}

impl<'a> Surroundings<'a> {
    /// Rows with these columns, which may be written behind the qualifier and a dot.
    pub fn new(qualifier: &'static str, columns: &Schema, tables: &'a TableSchemas, reach: Reach) -> Result<Self> {
        Ok(Self { qualifier, schema: DFSchema::try_from_qualified_schema(qualifier, columns)?, tables, reach })
    }
}

/// What a value is. Values of different kinds are never held against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Whole or with decimals.
    Number,
    /// Words and codes too.
    Text,
    /// A day or a moment.
    Date,
    /// True or false.
    Flag,
    /// A length of time.
    Span,
    /// Several values, or what else the engine has.
    List,
}

/// Why an expression cannot stand where it stands. A part is the smallest one of it that is wrong, as SQL.
#[derive(Debug)]
pub enum Refusal {
    /// It looks at more than its place allows: the word of it that does.
    Beyond(String),
    /// A function that is on no list.
    Function(String),
    /// A table that the scope does not know.
    Table(String),
    /// A subquery that may give several values where one is needed.
    SeveralValues,
    /// A comparison with all rows of a subquery: the word for it.
    Membership(&'static str),
    /// A condition that is neither true nor false: what it is, if it is not null throughout.
    NoTruth(Option<Kind>),
    /// Two values of different kinds where both must be of one.
    Mixed {
        /// The part that holds both.
        part: String,
        /// One of them.
        left: (String, Kind),
        /// The other.
        right: (String, Kind),
    },
    /// A value of a kind that an operator or a function does not take.
    Unfit {
        /// The part that takes it.
        part: String,
        /// The value.
        value: String,
        /// What it is.
        is: Kind,
        /// What it should be.
        wanted: Kind,
    },
    /// A comparison of a column with a word that it never holds.
    Word {
        /// The comparison.
        part: String,
        /// The column.
        column: String,
        /// The word.
        word: String,
        /// Those that it may hold.
        words: Vec<String>,
    },
    /// A constant text that is no value of the kind that it is taken for.
    NoValue {
        /// The part that takes it.
        part: String,
        /// The text.
        text: String,
        /// What it should be.
        wanted: Kind,
    },
    /// A comparison with null, which is never true and never false.
    WithNull(String),
    /// Comparisons that cannot hold together.
    Never(String),
    /// A call with arguments that the function does not take: their kinds.
    Arguments(String, Vec<Option<Kind>>),
    /// A notation that has no place in conditions.
    Notation,
    /// What else the engine says.
    Engine(Box<DataFusionError>),
}

impl From<DataFusionError> for Refusal {
    fn from(error: DataFusionError) -> Self {
        Self::Engine(Box::new(error))
    }
}

impl Refusal {
    /// As a failure of what was being computed: whatever a site writes is tried before it is computed.
    pub fn of(self, what: &str) -> EngineError {
        let source = match self {
            Self::Engine(error) => error,
            other => Box::new(DataFusionError::Plan(other.to_string())),
        };
        EngineError { what: what.to_owned(), source }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Beyond(word) => write!(f, "{word} looks beyond the row"),
            Self::Function(name) => write!(f, "function {name} is not allowed"),
            Self::Table(name) => write!(f, "table {name} is not known here"),
            Self::SeveralValues => write!(f, "a subquery may give several values"),
            Self::Membership(word) => write!(f, "{word} with a subquery is not possible here"),
            Self::NoTruth(kind) => write!(f, "{kind:?} is no condition"),
            Self::Mixed { part, .. } => write!(f, "{part} mixes kinds of values"),
            Self::Unfit { part, value, .. } => write!(f, "{part} does not take {value}"),
            Self::Word { column, word, .. } => write!(f, "{column} never holds {word}"),
            Self::NoValue { text, wanted, .. } => write!(f, "{text} is no {wanted:?}"),
            Self::WithNull(part) => write!(f, "{part} is a comparison with null"),
            Self::Never(part) => write!(f, "{part} never holds"),
            Self::Arguments(part, _) => write!(f, "{part} has arguments that the function does not take"),
            Self::Notation => write!(f, "a notation that is not possible here"),
            Self::Engine(error) => write!(f, "{error}"),
        }
    }
}

/// An expression that may stand where it stands.
#[derive(Debug, Clone)]
pub struct Reading {
    expression: Expression,
    qualifier: &'static str,
    logical: Expr,
    /// The columns of its own row that it names, those that a subquery compares with among them.
    pub columns: BTreeSet<String>,
    /// What it gives.
    pub data_type: DataType,
}

impl Reading {
    /// Its text.
    pub fn expression(&self) -> &Expression {
        &self.expression
    }
}

impl Engine {
    /// Reads an expression at its place.
    pub fn read(&self, sql: &str, place: &Surroundings<'_>) -> Result<Reading, Refusal> {
        let expression = Expression::parse(sql)?;
        expression.admit(place)?;
        let state = self.context().state_ref();
        let state = state.read();
        let planner = Known { state: &state, tables: place.tables };
        let planner = SqlToRel::new_with_options(&planner, ParserOptions::from(&state.config_options().sql_parser));
        let logical = planner.sql_to_expr(expression.ast().clone(), &place.schema, &mut PlannerContext::new())?;
        let mut columns = BTreeSet::new();
        inspect(&logical, place, true, &mut columns).map_err(|refusal| match refusal {
            // Some notations are calls that nobody wrote, such as […] of make_array.
            Refusal::Function(name) if !expression.to_string().to_lowercase().contains(&name) => Refusal::Notation,
            other => other,
        })?;
        kinds::agree(&logical, &place.schema, place.qualifier)?;
        let logical = divided(logical, state.scalar_functions().get(quotient::NAME))?;
        let data_type = logical.get_type(&place.schema)?;
        Ok(Reading { expression, qualifier: place.qualifier, logical, columns, data_type })
    }

    /// Reads an expression that must be true, false or null.
    pub fn read_condition(&self, sql: &str, place: &Surroundings<'_>) -> Result<Reading, Refusal> {
        let reading = self.read(sql, place)?;
        match Kind::of(&reading.data_type) {
            Some(Kind::Flag) => Ok(reading),
            other => Err(Refusal::NoTruth(other)),
        }
    }
}

/// An expression whose divisions are quotients, as plans write them; those of its subqueries only plans compute.
fn divided(logical: Expr, quotient: Option<&Arc<ScalarUDF>>) -> Result<Expr> {
    let Some(quotient) = quotient else { return Ok(logical) };
    let divide = |part: Expr| match part {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Divide, right }) => Ok(Transformed::yes(quotient.call(vec![*left, *right]))),
        other => Ok(Transformed::no(other)),
    };
    Ok(logical.transform_up(divide)?.data)
}

/// Looks at every part of an expression, those in its subqueries too.
fn inspect(expr: &Expr, place: &Surroundings<'_>, own: bool, columns: &mut BTreeSet<String>) -> Result<(), Refusal> {
    let here = TableReference::bare(place.qualifier);
    let mut refusal = None;
    expr.apply(|part| {
        let found = match part {
            Expr::Column(Column { relation, name, .. }) if own => {
                debug_assert!(relation.as_ref().is_none_or(|r| *r == here));
                columns.insert(name.clone());
                Ok(())
            }
            Expr::OuterReferenceColumn(_, column) => {
                if column.relation.as_ref() == Some(&here) {
                    columns.insert(column.name.clone());
                }
                Ok(())
            }
            Expr::ScalarFunction(call) => allowed(call.name()),
            Expr::AggregateFunction(call) if own && place.reach != Reach::Group => {
                allowed(call.func.name()).and(Err(Refusal::Beyond(call.func.name().to_owned())))
            }
            Expr::AggregateFunction(call) => allowed(call.func.name()),
            // A list of all rows beside each of them.
            Expr::WindowFunction(call) if call.fun.name() == "array_agg" => Err(Refusal::Function(call.fun.name().to_owned())),
            Expr::WindowFunction(call) => allowed(call.fun.name()),
            Expr::HigherOrderFunction(call) => allowed(call.name()),
            Expr::ScalarVariable(..) | Expr::Placeholder(..) | Expr::Unnest(..) | Expr::Lambda(..) => Err(Refusal::Notation),
            Expr::ScalarSubquery(query) if query.subquery.max_rows() != Some(1) => Err(Refusal::SeveralValues),
            Expr::ScalarSubquery(query) => inspect_plan(&query.subquery, place, columns),
            // Plans decide these where rows are chosen, and an edit's outcome is a value of every row.
            Expr::Exists(_) if own => Err(Refusal::Membership("EXISTS (SELECT …)")),
            Expr::InSubquery(_) if own => Err(Refusal::Membership("IN (SELECT …)")),
            Expr::SetComparison(_) => Err(Refusal::Membership("ANY / ALL (SELECT …)")),
            Expr::Exists(exists) => inspect_plan(&exists.subquery.subquery, place, columns),
            Expr::InSubquery(list) => inspect_plan(&list.subquery.subquery, place, columns),
            _ => Ok(()),
        };
        refusal = found.err();
        Ok(if refusal.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    refusal.map_or(Ok(()), Err)
}

/// Looks at every expression of a subquery's plan; plans of subqueries within it are met as parts of those.
fn inspect_plan(plan: &LogicalPlan, place: &Surroundings<'_>, columns: &mut BTreeSet<String>) -> Result<(), Refusal> {
    let mut refusal = None;
    plan.apply(|node| {
        node.apply_expressions(|expr| {
            refusal = refusal.take().or(inspect(expr, place, false, columns).err());
            Ok(if refusal.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        })
    })?;
    refusal.map_or(Ok(()), Err)
}

fn allowed(name: &str) -> Result<(), Refusal> {
    if is_allowed(name) { Ok(()) } else { Err(Refusal::Function(name.to_owned())) }
}

/// The session's functions, and the tables of a place.
struct Known<'a> {
    state: &'a SessionState,
    tables: &'a TableSchemas,
}

impl ContextProvider for Known<'_> {
    fn get_table_source(&self, name: TableReference) -> Result<Arc<dyn TableSource>> {
        match self.tables.get(name.table()) {
            Some(schema) => Ok(Arc::new(LogicalTableSource::new(schema.clone()))),
            None => Err(DataFusionError::Plan(format!("table {name} is not known here"))),
        }
    }

    fn get_expr_planners(&self) -> &[Arc<dyn ExprPlanner>] {
        self.state.expr_planners()
    }

    fn get_function_meta(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        self.state.scalar_functions().get(name).cloned()
    }

    fn get_higher_order_meta(&self, name: &str) -> Option<Arc<HigherOrderUDF>> {
        self.state.higher_order_functions().get(name).cloned()
    }

    fn get_aggregate_meta(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        self.state.aggregate_functions().get(name).cloned()
    }

    fn get_window_meta(&self, name: &str) -> Option<Arc<WindowUDF>> {
        self.state.window_functions().get(name).cloned()
    }

    fn get_variable_type(&self, _: &[String]) -> Option<DataType> {
        None
    }

    fn options(&self) -> &ConfigOptions {
        self.state.config_options()
    }

    fn udf_names(&self) -> Vec<String> {
        self.state.scalar_functions().keys().cloned().collect()
    }

    fn higher_order_function_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn udaf_names(&self) -> Vec<String> {
        self.state.aggregate_functions().keys().cloned().collect()
    }

    fn udwf_names(&self) -> Vec<String> {
        self.state.window_functions().keys().cloned().collect()
    }
}
