//! Whose an upload is.

use crate::ledger::Upload;
use crate::portal::actor::Actor;
use crate::portal::books::Books;
use crate::portal::error::PortalError;

/// An upload, if it is the actor's to see; another bureau's is as good as none.
pub async fn own(books: &Books, actor: &Actor, id: &str) -> Result<Upload, PortalError> {
    let id = id.to_owned();
    let upload = books.read(move |l| l.upload(&id)).await?;
    upload.filter(|u| actor.sees_source(&u.source)).ok_or(PortalError::NotFound)
}
