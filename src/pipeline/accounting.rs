//! Row accounting: every record that came in ends in exactly one place, and its money with it.

use super::datasets::{Loaded, Totals};
use crate::config::{Config, FormOptions, IdentityPart, Links};
use crate::engine::{Dataset, Engine, EngineError};
use crate::error::Error;
use crate::model::account::{Account, Place, Whose};
use crate::model::name::match_key;
use crate::model::place::Address;
use crate::stages::link::{Link, Walk, links_of};
use crate::stages::publish::disclosure::sends_statistics;
use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::{Decimal128Type, Int64Type};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Accounts for every record, with whose they are where statistics were sent, and proves the sums: what came in, as the readers counted it and before versions were
/// decided, is what ended in the places, record for record and in every column of amounts.
///
/// # Errors
/// A sum that does not hold is our bug, and the run must not publish.
pub fn account(config: &Config, engine: &Engine, loaded: &Loaded) -> Result<(Vec<Account>, Whose), Error> {
    let mut accounts = loaded.superseded.clone();
    let apart = Apart::of(engine)?;
    let closed: Vec<bool> = loaded.places.files.iter().map(|f| sends_statistics(config, &f.source)).collect();
    let mut whose = Whose::default();
    for (dataset, incoming) in &loaded.incoming {
        let mut ended = loaded.outgoing.get(dataset).cloned().unwrap_or_default();
        if let Some(stated) = loaded.forms.get(dataset) {
            let links = engine.dataset(&links_of(dataset));
            let form = config.form.get(dataset);
            accounts.extend(ends((&apart, &closed), &links, (dataset, form), stated, (&mut ended, &mut whose))?);
        }
        ended.amounts.retain(|_, sum| *sum != 0);
        let mut came = incoming.clone();
        came.amounts.retain(|_, sum| *sum != 0);
        let counted: u64 = accounts.iter().filter(|a| a.dataset == *dataset).map(|a| a.rows).sum();
        if came != ended || counted != came.rows {
            return Err(Error::bug(format!("row accounting of {dataset} does not balance: {came:?} came in, {ended:?} ended")));
        }
    }
    let accounts = compact(accounts);
    for account in accounts.iter().filter(|a| closed.get(a.file).is_none_or(|closed| *closed)) {
        let parts = loaded.parts.get(&account.file).into_iter().flatten().filter(|p| p.form == account.dataset);
        // Of one enterprise there may be any number of records where fields tell them apart.
        let identity = config.form.get(&account.dataset).map(FormOptions::identity).unwrap_or_default();
        let any_number = identity.iter().any(|part| matches!(part, IdentityPart::Field(_)));
        whose.complete(account, if any_number { u64::from(u32::MAX) } else { parts.count() as u64 });
    }
    Ok((accounts, whose))
}

/// One account a file, dataset, place and reason.
fn compact(accounts: Vec<Account>) -> Vec<Account> {
    let mut sums: BTreeMap<(String, usize, Place, String), (u64, i128)> = BTreeMap::new();
    for a in accounts.into_iter().filter(|a| a.rows > 0) {
        let sum = sums.entry((a.dataset, a.file, a.place, a.reason)).or_default();
        sum.0 += a.rows;
        sum.1 += a.amount;
    }
    sums.into_iter()
        .map(|((dataset, file, place, reason), (rows, amount))| Account { dataset, file, place, reason, rows, amount })
        .collect()
}

/// What decides where records end, beside their links.
struct Apart {
    quarantined: HashSet<i64>,
    duplicates: HashSet<i64>,
    /// Those of them of which none counts.
    conflicting: HashSet<i64>,
    /// By enterprise of the registry, whether it is in the pool.
    pooled: HashMap<String, bool>,
}

impl Apart {
    fn of(engine: &Engine) -> Result<Self, EngineError> {
        let records = |table: &str| -> Result<HashSet<i64>, EngineError> {
            let mut all = HashSet::new();
            for batch in engine.dataset(table).columns(&["record"]) {
                all.extend(batch?.column(0).as_primitive::<Int64Type>().values());
            }
            Ok(all)
        };
        let mut pooled = HashMap::new();
        for batch in engine.dataset("enterprises").columns(&["enterprise", "pooled"]) {
            let batch = batch?;
            if let (Some(keys), Some(flags)) = (batch.column_by_name("enterprise"), batch.column_by_name("pooled")) {
                let (keys, flags) = (keys.as_string::<i32>(), flags.as_boolean());
                pooled.extend((0..batch.num_rows()).map(|row| (keys.value(row).to_owned(), flags.is_valid(row) && flags.value(row))));
            }
        }
        let mut conflicting = HashSet::new();
        for batch in engine.dataset("duplicates").batches() {
            let batch = batch?;
            let flags = batch.column_by_name("conflicting").and_then(|c| c.as_boolean_opt());
            let all = batch.column(0).as_primitive::<Int64Type>().values().iter().enumerate();
            conflicting.extend(all.filter(|(row, _)| flags.is_some_and(|f| f.value(*row))).map(|(_, record)| *record));
        }
        Ok(Self { quarantined: records("quarantined")?, duplicates: records("duplicates")?, conflicting, pooled })
    }
}

/// A record's enterprises: whether there is any, whether one is pooled (a co-owned patent takes the best place among its
/// owners'), and why none is linked.
#[derive(Default)]
struct Linked {
    any: bool,
    pooled: bool,
    reason: String,
    /// Whose it is: enterprises of the registry, or the names that it gives.
    whose: Vec<String>,
}

impl Linked {
    fn of(links: Vec<Link>, pooled: &HashMap<String, bool>) -> Self {
        let mut linked = Self::default();
        for link in links {
            if let Some(reason) = &link.not_linked {
                linked.weigh(reason);
            }
            if let Some(enterprise) = &link.enterprise {
                linked.any = true;
                linked.pooled |= pooled.get(enterprise).copied().unwrap_or_default();
            }
            linked.whose.extend(link.enterprise.or_else(|| link.name.map(|name| match_key(&name))));
        }
        linked
    }

    /// Takes the reason of an owner: the first one's, but for a doubt about who it is, which weighs more. A doubt names
    /// enterprises; it is counted by its kind.
    fn weigh(&mut self, reason: &str) {
        match reason.split_once('|') {
            Some((kind, _)) if !self.reason.starts_with("@link_kind.") => self.reason = kind.replacen("@link.", "@link_kind.", 1),
            None if self.reason.is_empty() => reason.clone_into(&mut self.reason),
            _ => {}
        }
    }
}

/// Records and money that ended in the places of a file, by the reason.
type Ends = BTreeMap<(usize, Place), BTreeMap<String, (u64, i128)>>;

/// The accounts of a dataset; every record and amount is added to `ended`, and every record of a file of statistics
/// (`closed`) to whose it is.
fn ends(
    (apart, closed): (&Apart, &[bool]),
    links: &Dataset,
    (dataset, form): (&str, Option<&FormOptions>),
    stated: &Dataset,
    (ended, whose): (&mut Totals, &mut Whose),
) -> Result<Vec<Account>, EngineError> {
    let balanced = form.and_then(|form| form.accounted.as_deref());
    // A form that finds no enterprises says so of all its records.
    let unlinked = if form.is_some_and(|form| form.links == Links::None) { "@link.by_none" } else { "" };
    let mut accounts = Ends::new();
    let mut walk = Walk::of(dataset, links, &["enterprise", "name", "not_linked"]);
    for batch in stated.columns(&Totals::columns(stated.schema())) {
        let batch = batch?;
        ended.add(&batch);
        let amounts = balanced.and_then(|c| batch.column_by_name(c)).map(|c| c.as_primitive::<Decimal128Type>());
        for (row, record) in batch.column(0).as_primitive::<Int64Type>().values().iter().enumerate() {
            let links = walk.to(*record)?;
            let unlinked = if links.is_empty() { unlinked } else { "" };
            let linked = Linked::of(links, &apart.pooled);
            let (place, reason) = match &linked {
                _ if apart.quarantined.contains(record) => (Place::Quarantined, ""),
                _ if apart.conflicting.contains(record) => (Place::Duplicate, "@link.conflicting"),
                _ if apart.duplicates.contains(record) => (Place::Duplicate, ""),
                linked if linked.pooled => (Place::Pooled, ""),
                linked if linked.any => (Place::NotPooled, ""),
                linked if unlinked.is_empty() => (Place::NotLinked, linked.reason.as_str()),
                _ => (Place::NotLinked, unlinked),
            };
            let file = Address::of(*record).file;
            if closed.get(file).is_none_or(|closed| *closed) {
                linked.whose.iter().for_each(|enterprise| whose.add(dataset, file, place, enterprise));
            }
            let of_place = accounts.entry((file, place)).or_default();
            if !of_place.contains_key(reason) {
                of_place.insert(reason.to_owned(), (0, 0));
            }
            if let Some(account) = of_place.get_mut(reason) {
                account.0 += 1;
                account.1 += amounts.filter(|a| a.is_valid(row)).map_or(0, |a| a.value(row));
            }
        }
    }
    let of_place = |((file, place), reasons): ((usize, Place), BTreeMap<String, (u64, i128)>)| {
        let account = move |(reason, (rows, amount))| Account { dataset: dataset.to_owned(), file, place, reason, rows, amount };
        reasons.into_iter().map(account)
    };
    Ok(accounts.into_iter().flat_map(of_place).collect())
}
