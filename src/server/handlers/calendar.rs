//! The calendar of returns.

use crate::model::role::Right;
use crate::server::actor::Actor;
use crate::server::books::Books;
use crate::server::calendar::{self, Calendar};
use crate::server::error::PageError;
use crate::server::form::Asking;
use crate::server::frame::{Frame, Frames, Page};
use crate::server::listing::Access;
use crate::server::routes::Routes;
use crate::server::text::portal;
use askama::Template;
use axum::extract::State;
use axum::response::IntoResponse;
use serde::Deserialize;

/// Routes of this room.
pub fn routes(routes: Routes) -> Routes {
    routes.get("/calendar", Access::Right(Right::SeeCalendar), show)
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    year: Option<i32>,
}

#[derive(Template)]
#[template(path = "calendar.html", config = "src/server/askama.toml")]
struct CalendarPage {
    frame: Frame,
    calendar: Calendar,
}

async fn show(
    State(books): State<Books>,
    State(frames): State<Frames>,
    actor: Actor,
    Asking(wanted): Asking<Wanted>,
) -> Result<impl IntoResponse, PageError> {
    let calendar = calendar::calendar(&books, &actor, wanted.year).await?;
    Ok(Page(CalendarPage { frame: frames.of(Some(&actor), "/calendar"), calendar }))
}
