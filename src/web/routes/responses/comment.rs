//! Say something about a response.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{expect_in_scope, expect_question};
use crate::store::ResponseComment;
use crate::web::Caller;
use crate::web::body::Json;
use crate::web::problem::{Code, Problem};
use crate::web::state::App;

/// The longest comment, in bytes.
const LONGEST: usize = 10_000;

/// A comment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "Is this the turnover of the whole group?", "question": "/profile/turnover"}))]
pub struct Comment {
    /// What you say.
    text: String,
    /// The question that it is about; the whole response where it is absent.
    #[serde(default)]
    #[schema(example = "/turnover")]
    question: Option<String>,
    /// The key of the event of the response's history that it answers.
    #[serde(default)]
    reply_to: Option<i64>,
}

/// The key of a new event.
#[derive(Serialize, ToSchema)]
pub struct Commented {
    /// What answers to it name as `reply_to`.
    id: i64,
}

/// Comment on a response
///
/// Comments are part of the history of the response, and change nothing else of it.
#[utoipa::path(
    post, path = "/api/v1/surveys/{survey}/responses/{instance_id}/comments", tag = "responses", request_body = Comment,
    params(
        ("survey" = String, Path, description = "The survey", example = "enterprise"),
        ("instance_id" = String, Path, description = "An instance ID of the response")
    ),
    responses((status = 201, description = "It is in the history", body = Commented))
)]
pub async fn comment_response(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, String)>,
    Json(comment): Json<Comment>,
) -> Result<HttpResponse, Problem> {
    if comment.text.trim().is_empty() || comment.text.len() > LONGEST || comment.text.contains('\0') {
        return Err(Problem::new(Code::ValueInvalid).explain(
            format!("评论不能为空，也不能超过 {LONGEST} 字节。"),
            format!("A comment is not empty, and has at most {LONGEST} bytes."),
        ));
    }
    let (survey, instance_id) = path.into_inner();
    let now = app.now();
    let id = web::block(move || {
        let head = app.store.response_head(&survey, &instance_id)?;
        expect_in_scope(&caller, &head)?;
        if let Some(question) = &comment.question {
            expect_question(&app, &head, question)?;
        }
        if let Some(event) = comment.reply_to
            && !app
                .store
                .response_events(&survey, &instance_id)?
                .iter()
                .any(|one| one.id == event)
        {
            return Err(Problem::new(Code::ValueInvalid).explain(
                format!("该答卷的历史中没有记录 {event}。"),
                format!("The history of this response has no event {event}."),
            ));
        }
        let comment = ResponseComment {
            question: comment.question,
            reply_to: comment.reply_to,
            text: comment.text,
            actor: caller.name.clone(),
        };
        app.store_for(&caller)
            .comment(&survey, &instance_id, &comment, now)
            .map_err(Problem::from)
    })
    .await??;
    Ok(HttpResponse::Created().json(Commented { id }))
}
