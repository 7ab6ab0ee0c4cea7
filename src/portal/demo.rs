//! A throw-away site to try: one account per role, all with one password that is made at each start.

use super::books::Books;
use super::error::PortalError;
use super::password;
use super::text::portal;
use crate::ledger::NewAccount;
use crate::model::role::Role;

/// Makes the accounts; gives name, role and password of each.
pub async fn accounts(books: &Books) -> Result<Vec<(String, String, String)>, PortalError> {
    let secret: String = password::secret().chars().take(12).collect();
    let hash = password::hash(&secret)?;
    let clerks = books.config.source.iter().filter(|(_, s)| !s.disabled);
    let mut wanted: Vec<(String, String, Role, Option<String>)> =
        clerks.map(|(id, source)| (id.clone(), source.bureau.clone(), Role::Clerk, Some(id.clone()))).collect();
    let others = Role::ALL.into_iter().filter(|r| *r != Role::Clerk);
    wanted.extend(others.map(|role| (role.id().to_owned(), portal(&format!("role_{}", role.id())).to_owned(), role, None)));
    let now = books.clock.stamp();
    books
        .ledger(move |ledger| {
            let mut made = Vec::new();
            for (name, display, role, source) in wanted {
                let new =
                    NewAccount { name: &name, display: &display, role, source: source.as_deref(), password: &hash, must_change: false };
                ledger.add_account(&new, &now)?;
                made.push((name, role.id().to_owned(), secret.clone()));
            }
            Ok(made)
        })
        .await
}
