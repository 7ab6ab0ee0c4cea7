//! The first page: each role begins where its work is.

use crate::model::role::Role;
use crate::portal::actor::Actor;
use crate::web::error::PageError;
use crate::web::listing::Access;
use crate::web::routes::Routes;
use axum::response::Redirect;

/// Routes of this room.
pub fn routes(routes: Routes) -> Routes {
    routes.get("/", Access::SignedIn, home)
}

async fn home(actor: Actor) -> Result<Redirect, PageError> {
    Ok(Redirect::to(match actor.role {
        Role::Clerk => "/uploads",
        Role::Operator | Role::Leader | Role::Member => "/pool",
        Role::Auditor => "/audit",
        Role::Administrator => "/accounts",
    }))
}
