//! Answers that many routes share, as the description tells them.

use std::collections::BTreeMap;
use utoipa::IntoResponses;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::{Content, Ref, RefOr, Response};

type Responses = BTreeMap<String, RefOr<Response>>;

/// What every route may answer instead.
const REFUSALS: [(&str, &str); 10] = [
    ("401", "No token, or one that is unknown, revoked or past its expiry."),
    ("403", "The role of the token lacks the right, or what changes something was asked with a browser's session."),
    ("404", "There is no such thing, or it is another bureau's."),
    ("408", "The body came too slowly."),
    ("413", "More was sent than is taken."),
    ("422", "A query, path or body that cannot be taken."),
    ("429", "Asked too often; Retry-After says for how many seconds to wait."),
    ("500", "A failure of the portal."),
    ("503", "The portal has too much to do; try again soon."),
    ("507", "The disk is full."),
];

fn problem(description: &str) -> RefOr<Response> {
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    ResponseBuilder::new().description(description).content("application/json", content).into()
}

/// What routes that read answer instead.
pub struct ReadAnswers;

impl IntoResponses for ReadAnswers {
    fn responses() -> Responses {
        REFUSALS.into_iter().map(|(status, description)| (status.to_owned(), problem(description))).collect()
    }
}

/// What routes that change something answer instead.
pub struct ChangeAnswers;

impl IntoResponses for ChangeAnswers {
    fn responses() -> Responses {
        let conflict = ("409".to_owned(), problem("Something else must begin or end first."));
        ReadAnswers::responses().into_iter().chain([conflict]).collect()
    }
}

/// A file.
pub struct FileAnswers;

impl IntoResponses for FileAnswers {
    fn responses() -> Responses {
        let kinds = [
            "application/octet-stream",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/vnd.apache.parquet",
            "application/json",
            "text/csv",
        ];
        let response = ResponseBuilder::new().description("The file; Content-Disposition says its name.");
        let response = kinds.into_iter().fold(response, |response, kind| response.content(kind, Content::default()));
        let mut all = ReadAnswers::responses();
        all.insert("200".to_owned(), response.into());
        all
    }
}
