//! `[pool]`: which columns of enterprises mean what to the pool, and where they are shown; `[form.<id>.right]`: which fields of
//! a form say of a patent what its state goes by.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use validator::Validate;

/// In a list of columns: all that are not hidden and that no list names.
pub const OTHERS: &str = "*";

/// Columns of `in_force`: a whole and its four parts, as the cover tells them.
pub const IN_FORCE: usize = 5;

/// `[pool]`
///
/// Columns are the ids of `[merge.field]` and `[enterprise]`; one with a value for each year stands for all of these.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct PoolOptions {
    /// The columns of the pool's sheet in their order.
    pub sheet: Vec<String>,
    /// Those of the portal's table; `conclusion`, `consented` and `findings` are its own.
    pub table: Vec<String>,
    /// What the page of an enterprise says beside figures of years.
    pub page: Vec<String>,
    /// Shares that it shows beside them.
    pub shares: Vec<String>,
    /// The form of yearly figures whose years stand side by side, in a sheet and on the page.
    pub figures: String,
    /// Its fields in the sheet.
    pub finances: Vec<String>,
    /// Those that the page draws.
    pub drawn: Vec<String>,
    /// The columns of the sheet of needs: an amount first, with the cell that states it.
    pub needs: Vec<String>,
    /// Says whether an enterprise consents to the use of its figures of statistics.
    pub consent: String,
    /// The day from which it does.
    pub consent_on: String,
    /// The last day on which it does.
    pub consent_until: String,
    /// The title by which enterprises are chosen.
    pub title: String,
    /// The code of the industry by which they are.
    pub industry: String,
    /// Where they are: the name of a town, or an address that holds one.
    pub place: String,
    /// Names by which they are found, beside their own.
    pub former_names: String,
    /// The amounts by whose range they are chosen, each under its word in addresses; of a value for each year the last.
    pub ranges: IndexMap<String, String>,
    /// Counts of patents that are parts of a whole: the whole first, then the four that it is the sum of; told on the cover.
    pub in_force: Vec<String>,
    /// The count of all patents credited to enterprises.
    pub patents: String,
}

impl PoolOptions {
    /// The lists of columns, each under its key.
    pub fn lists(&self) -> [(&'static str, &[String]); 4] {
        [("sheet", &self.sheet), ("table", &self.table), ("page", &self.page), ("shares", &self.shares)]
    }

    /// The columns that mean something to the pool, each under its key.
    pub fn roles(&self) -> [(&'static str, &str); 8] {
        [
            ("consent", &self.consent),
            ("consent_on", &self.consent_on),
            ("consent_until", &self.consent_until),
            ("title", &self.title),
            ("industry", &self.industry),
            ("place", &self.place),
            ("former_names", &self.former_names),
            ("patents", &self.patents),
        ]
    }
}

/// `[form.<id>.right]`: the fields that say of each patent what it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct RightOptions {
    /// Its number.
    pub number: String,
    /// Its title.
    pub title: String,
    /// Its kind, of the codes `invention`, `utility_model`, `design`.
    pub kind: String,
    /// Its status, of the codes of `patent_status`.
    pub status: String,
    /// When it was filed.
    pub filed_on: String,
    /// When it was granted.
    pub granted_on: String,
    /// The last day of its term, as stated.
    pub expires_on: String,
    /// Whether it is pledged.
    pub pledged: String,
    /// Who holds it.
    pub holders: String,
}

impl RightOptions {
    /// The fields, each under its key.
    pub fn fields(&self) -> [(&'static str, &str); 9] {
        [
            ("number", &self.number),
            ("title", &self.title),
            ("kind", &self.kind),
            ("status", &self.status),
            ("filed_on", &self.filed_on),
            ("granted_on", &self.granted_on),
            ("expires_on", &self.expires_on),
            ("pledged", &self.pledged),
            ("holders", &self.holders),
        ]
    }
}
