//! The calendar of returns.

use crate::model::role::Right;
use crate::portal::actor::Actor;
use crate::portal::books::Books;
use crate::portal::calendar::{self, Calendar};
use crate::portal::text::portal;
use crate::web::error::PageError;
use crate::web::form::Asking;
use crate::web::frame::{Frame, Frames, Page};
use crate::web::listing::Access;
use crate::web::routes::Routes;
use askama::Template;
use axum::extract::State;
use axum::response::IntoResponse;
use serde::Deserialize;

/// Routes of this room.
pub fn routes(routes: Routes) -> Routes {
    routes.get("/calendar", Access::Right(Right::SeeCalendar), show)
}

#[derive(Deserialize)]
struct CalendarQuery {
    #[serde(default)]
    year: Option<i32>,
}

#[derive(Template)]
#[template(path = "calendar.html", config = "src/web/askama.toml")]
struct CalendarPage {
    frame: Frame,
    calendar: Calendar,
}

async fn show(
    State(books): State<Books>,
    State(frames): State<Frames>,
    actor: Actor,
    Asking(wanted): Asking<CalendarQuery>,
) -> Result<impl IntoResponse, PageError> {
    let calendar = calendar::calendar(&books, &actor, wanted.year).await?;
    Ok(Page(CalendarPage { frame: frames.of(Some(&actor), "/calendar"), calendar }))
}
