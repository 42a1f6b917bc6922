//! The catalogue of problem codes: each with its status and what it means, in both languages.

use actix_web::http::StatusCode;

use crate::definition::Language;

/// Declares the enum and its texts together, so that no code can lack a status or an explanation.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident $name:literal $status:ident
        { zh: $zh_title:literal, $zh:literal; en: $en_title:literal, $en:literal })+) => {
        /// A stable code of a problem: programs may rely on it, its texts may change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Code {
            /// Every code, in the order of the catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code as it stands in documents and addresses.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The HTTP status that it is answered with.
            pub fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status),+ }
            }

            /// A few words for the kind of problem.
            pub fn title(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$variant, Language::Chinese) => $zh_title, (Self::$variant, Language::English) => $en_title),+
                }
            }

            /// What the kind of problem means, and what the caller can do.
            pub fn explanation(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$variant, Language::Chinese) => $zh, (Self::$variant, Language::English) => $en),+
                }
            }
        }
    };
}

codes! {
    /// The request as such is wrong: a parameter, a header.
    BadRequest "bad_request" BAD_REQUEST {
        zh: "请求有误", "请求中的参数或标头不正确。";
        en: "Bad request", "A parameter or header of the request is wrong."
    }
    /// The body is not JSON.
    JsonSyntax "json_syntax" BAD_REQUEST {
        zh: "JSON 语法错误", "请求正文不是正确的 JSON。数字必须是有限的普通数字，不接受 NaN 或 1e999。";
        en: "Not JSON", "The body of the request is not JSON. Numbers are finite: neither NaN nor 1e999 is one."
    }
    /// The body is JSON nested without measure.
    JsonTooDeep "json_too_deep" BAD_REQUEST {
        zh: "JSON 嵌套过深", "请求正文的 JSON 嵌套层数超过上限。";
        en: "JSON too deep", "The JSON of the request is nested deeper than the limit."
    }
    /// The body is JSON of another shape than the act takes.
    JsonShape "json_shape" BAD_REQUEST {
        zh: "JSON 结构不符", "请求正文是 JSON，但缺少必需的内容，或含有未知的键或类型不符的值。";
        en: "JSON of another shape", "The body is JSON, but lacks what is needed, or has an unknown key or a value of another type."
    }
    /// No credentials, or wrong, revoked or expired ones.
    Unauthenticated "unauthenticated" UNAUTHORIZED {
        zh: "需要登录", "请登录，或在 Authorization 标头中给出有效的访问令牌（Bearer 令牌）。会话或令牌可能缺失、错误、已结束、已撤销或已过期。";
        en: "Not signed in", "Sign in, or send a valid token in the header Authorization: Bearer TOKEN. The session or token is missing, wrong, ended, revoked or expired."
    }
    /// The token in an address is wrong, revoked or expired.
    KeyRefused "key_refused" FORBIDDEN {
        zh: "访问密钥无效", "服务器地址中的访问密钥错误、已撤销或已过期。请向管理员索取新的二维码；已填写的答卷仍保存在手机上。";
        en: "Access key not valid", "The access key in the server's address is wrong, revoked or expired. Ask the administrator for a new QR code; what you have filled in stays on the phone."
    }
    /// The name and password do not belong together.
    WrongPassword "wrong_password" UNAUTHORIZED {
        zh: "用户名或密码错误", "用户名与密码不匹配，或该用户已停用。";
        en: "Wrong name or password", "No active user has this name and this password."
    }
    /// The password is right; the code of the second factor is needed too.
    SecondFactorNeeded "second_factor_needed" UNAUTHORIZED {
        zh: "需要验证码", "密码正确。请再输入身份验证器上的六位验证码，或一个恢复码。";
        en: "Code needed", "The password is right. Give the six-digit code of your authenticator too, or a recovery code."
    }
    /// The code of the second factor is wrong, over, or was used already.
    WrongCode "wrong_code" UNAUTHORIZED {
        zh: "验证码错误", "验证码不正确、已过期或已使用过。请等待身份验证器显示下一个验证码，并检查手机时间是否准确。";
        en: "Wrong code", "The code is wrong, over, or was used already. Wait for the next one, and check the clock of the phone that shows it."
    }
    /// Too many attempts failed: the next one has to wait.
    TooManyAttempts "too_many_attempts" TOO_MANY_REQUESTS {
        zh: "尝试次数过多", "登录失败次数过多，请按 Retry-After 所示的秒数等待后再试。曾经登录过的浏览器不受他人失败尝试的影响。";
        en: "Too many attempts", "Too many attempts to sign in have failed. Wait for as many seconds as Retry-After says. A browser that has signed in before is not held up by the attempts of others."
    }
    /// A browser sent this on behalf of another site.
    CrossSite "cross_site" FORBIDDEN {
        zh: "跨站请求被拒绝", "此请求来自其他网站的页面，或未说明来自何处，因此未被执行。请在本服务器自己的页面上操作；程序请使用访问令牌。";
        en: "Cross-site request refused", "This request comes from the page of another site, or does not say where it comes from, and was not carried out. Use this server's own pages, or, in a program, a token."
    }
    /// The password was made up for the user and is to be replaced first.
    PasswordChangeRequired "password_change_required" FORBIDDEN {
        zh: "请先修改密码", "您使用的是系统生成的密码。请先修改密码（PUT /api/v1/me/password 或“我的账户”页面），再进行其他操作。";
        en: "Change the password first", "Your password was made up for you. Replace it (PUT /api/v1/me/password, or the page /account) before anything else."
    }
    /// A second factor is required and is to be set up first.
    SecondFactorRequired "second_factor_required" FORBIDDEN {
        zh: "请先设置两步验证", "管理员要求您的账户使用两步验证。请先设置（POST /api/v1/me/second-factor 或“我的账户”页面），再进行其他操作。";
        en: "Set up a second factor first", "Your account must have a second factor. Set one up (POST /api/v1/me/second-factor, or the page /account) before anything else."
    }
    /// The new password breaks a rule.
    PasswordRefused "password_refused" UNPROCESSABLE_ENTITY {
        zh: "密码不符合要求", "新密码至少 12 个字符，不得包含用户名，也不得是常见密码。可以使用几个词组成的短语。";
        en: "Password not taken", "A new password has at least 12 characters, does not contain the user's name and is not a common one. A few words in a row do."
    }
    /// The caller may see the thing, but not do this with it.
    Forbidden "forbidden" FORBIDDEN {
        zh: "没有权限", "您的角色或范围不允许此操作。";
        en: "Not allowed", "Your role, or the surveys or cities that you are limited to, do not allow this."
    }
    /// It does not exist, or is none of the caller's business.
    NotFound "not_found" NOT_FOUND {
        zh: "未找到", "此处没有该内容，或您无权查看。";
        en: "Not found", "There is no such thing here, or you may not see it."
    }
    /// The address exists, but not with this method.
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED {
        zh: "不支持该方法", "该地址不支持此请求方法。";
        en: "Method not allowed", "This address does not take this method."
    }
    /// The request took longer to arrive or to work on than the limit.
    Timeout "timeout" REQUEST_TIMEOUT {
        zh: "请求超时", "请求未在时限内完成。相同内容可以安全地再次发送。";
        en: "Timed out", "The request was not finished in time. The same content can safely be sent again."
    }
    /// The same identifier already holds something else.
    Conflict "conflict" CONFLICT {
        zh: "内容冲突", "该标识下已有不同的内容。";
        en: "Conflict", "Something else is already kept under this identifier."
    }
    /// The version of the response has another file under this name.
    AttachmentConflict "attachment_conflict" CONFLICT {
        zh: "附件冲突", "该答卷版本的此文件名下已有不同的文件。已收到的文件不会改变：请用新的文件名提交答卷的新版本。";
        en: "Other file under this name", "This version of the response has another file under this name. A file that was received never changes: send a new version of the response that names another file."
    }
    /// The review state does not allow this change.
    StateConflict "state_conflict" CONFLICT {
        zh: "状态不允许", "答卷当前的审核状态不允许此变更。";
        en: "State does not allow it", "The present review state of the response does not allow this change."
    }
    /// The same request, by its idempotency key, is worked on.
    RequestInProgress "request_in_progress" CONFLICT {
        zh: "请求正在处理", "带有相同 Idempotency-Key 的请求正在处理中，请稍后重试以取得其结果。";
        en: "Request in progress", "The request with this Idempotency-Key is being worked on. Send it again in a moment for its answer."
    }
    /// The request was done, and its answer held a secret that is shown once.
    AlreadyDone "already_done" CONFLICT {
        zh: "请求已完成", "该请求此前已完成。其结果含有只显示一次的密码或令牌，不再显示；如未收到，请重置密码或撤销令牌后重新签发。";
        en: "Already done", "This request was done before. Its answer held a password or token that is shown once: where it was lost, reset the password, or revoke the token and issue another."
    }
    /// The idempotency key belongs to another request.
    IdempotencyKeyReused "idempotency_key_reused" UNPROCESSABLE_ENTITY {
        zh: "Idempotency-Key 已用于其他请求", "该 Idempotency-Key 已用于内容不同的请求。请为每个新请求使用新的键。";
        en: "Idempotency key used before", "This Idempotency-Key belongs to a request with other content. Make a new key for each new request."
    }
    /// What is to be changed is no longer what the caller saw.
    PreconditionFailed "precondition_failed" PRECONDITION_FAILED {
        zh: "内容已被他人更改", "您看到的版本之后内容已有变动（见 changes）。请重新读取后再修改。";
        en: "Changed in the meantime", "It was changed since the version that you saw: changes says what. Read it again, then change it."
    }
    /// The respondent has withdrawn consent.
    ConsentWithdrawn "consent_withdrawn" GONE {
        zh: "已撤回同意", "该答卷的同意已被撤回，不再接受新的答案，也不能再审核。";
        en: "Consent withdrawn", "Consent to this response was withdrawn: it takes no new answers and no review."
    }
    /// There are no keys for personal answers.
    KeysMissing "keys_missing" SERVICE_UNAVAILABLE {
        zh: "缺少加密密钥", "个人信息须加密保存，但服务器没有可用的密钥。请联系管理员配置密钥文件（--keys）。";
        en: "Keys are missing", "Personal answers are kept encrypted, and the server has no usable keys. Ask the administrator to name the key file (--keys)."
    }
    /// The body is larger than the limit.
    TooLarge "too_large" PAYLOAD_TOO_LARGE {
        zh: "内容过大", "请求正文超过大小上限。";
        en: "Too large", "The body of the request is larger than the limit."
    }
    /// The part that was asked for is not there.
    RangeNotSatisfiable "range_not_satisfiable" RANGE_NOT_SATISFIABLE {
        zh: "没有所请求的部分", "文件没有 Range 标头所请求的部分；文件大小见 size。";
        en: "No such part", "The file has no part such as the header Range asks for: size says how many bytes it has."
    }
    /// The content type is not one that the act takes.
    UnsupportedMediaType "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE {
        zh: "内容类型不支持", "请求正文的 Content-Type 不是此处接受的类型。";
        en: "Unsupported content type", "The Content-Type of the body is not one that is taken here."
    }
    /// What arrived is not what its sender announced.
    DigestMismatch "digest_mismatch" UNPROCESSABLE_ENTITY {
        zh: "内容与摘要不符", "收到的内容与 Content-Digest 标头中的摘要不符，没有保存。请重新发送。";
        en: "Content differs from its digest", "What arrived does not have the digest that the header Content-Digest announces, and was not stored. Send it again."
    }
    /// What a phone sent is no form that was filled in.
    InstanceInvalid "instance_invalid" BAD_REQUEST {
        zh: "答卷无法读取", "收到的不是可以读取的答卷（XML），没有保存。请在手机上保留该答卷，并联系管理员。";
        en: "Form can't be read", "What arrived is no filled-in form (XML) that can be read, and was not stored. Keep the form on the phone, and tell the administrator."
    }
    /// A phone sent answers that only somebody else can read.
    InstanceEncrypted "instance_encrypted" UNPROCESSABLE_ENTITY {
        zh: "答卷已加密", "手机把答卷加密了，服务器无法检查，没有接受。请保留该答卷，联系管理员，并更新手机上的表单。";
        en: "Form is encrypted", "The phone has encrypted this form, so that the server can't check it, and it was not taken. Keep it, tell the administrator, and update the form on the phone."
    }
    /// There is no such survey, or the token is not good for it.
    FormUnknown "form_unknown" NOT_FOUND {
        zh: "没有此表单", "服务器上没有此表单，或您的访问密钥不能用于它，没有接受。请保留该答卷，并联系管理员。";
        en: "No such form", "The server has no such form, or your access key is not good for it, and nothing was stored. Keep the form on the phone, and tell the administrator."
    }
    /// Answers break rules of their survey.
    AnswersInvalid "answers_invalid" UNPROCESSABLE_ENTITY {
        zh: "答案不符合规则", "答卷未被接受：请按所列问题逐项修改。";
        en: "Answers break rules", "The response was not taken: every problem is listed by question."
    }
    /// The definition file has errors.
    DefinitionInvalid "definition_invalid" UNPROCESSABLE_ENTITY {
        zh: "问卷定义有误", "问卷定义未被接受：所有错误及其位置已列出。";
        en: "Definition has errors", "The definition was not taken: every error is listed with its place."
    }
    /// The request is for another server's name.
    UnknownHost "unknown_host" MISDIRECTED_REQUEST {
        zh: "主机名不正确", "请求的主机名不属于本服务器。";
        en: "Unknown host", "This server does not answer under the name that was asked for."
    }
    /// The survey is known, the version is not.
    UnknownVersion "unknown_version" UNPROCESSABLE_ENTITY {
        zh: "未知的问卷版本", "该问卷没有此版本。";
        en: "Unknown version", "The survey is known, this version of it is not."
    }
    /// No round is open, or several are and none was named.
    RoundNeeded "round_needed" UNPROCESSABLE_ENTITY {
        zh: "需要指定轮次", "当前没有唯一的开放轮次，请指明轮次。";
        en: "Round needed", "There is not exactly one open round: name the round."
    }
    /// The survey takes no responses now.
    SurveyClosed "survey_closed" CONFLICT {
        zh: "问卷未开放", "该问卷目前不接受答卷。";
        en: "Survey not open", "This survey takes no responses now."
    }
    /// A file that was sent can't be read, or is not what it should be.
    FileInvalid "file_invalid" UNPROCESSABLE_ENTITY {
        zh: "文件无法使用", "文件无法读取，或不是此处需要的文件。";
        en: "File can't be used", "The file can't be read, or is not the one that is needed here."
    }
    /// Rows of an import break rules.
    RowsInvalid "rows_invalid" UNPROCESSABLE_ENTITY {
        zh: "表格中有错误", "未导入任何行：所有问题及其单元格已列出。";
        en: "Rows break rules", "No row was taken: every problem is listed with its cell."
    }
    /// A value of the request is outside of what is allowed.
    ValueInvalid "value_invalid" UNPROCESSABLE_ENTITY {
        zh: "取值无效", "请求中的某个值不被允许。";
        en: "Value not allowed", "A value of the request is not allowed."
    }
    /// The answers at hand do not suffice for an assessment.
    AssessmentImpossible "assessment_impossible" UNPROCESSABLE_ENTITY {
        zh: "无法评估", "现有数据或选项不足以完成评估。";
        en: "Assessment impossible", "The data at hand, or the options, do not make an assessment."
    }
    /// Too many requests of a costly kind wait already.
    Busy "busy" SERVICE_UNAVAILABLE {
        zh: "服务器繁忙", "请稍后重试。";
        en: "Busy", "Try again in a moment."
    }
    /// The database can't be reached.
    DatabaseUnavailable "database_unavailable" SERVICE_UNAVAILABLE {
        zh: "数据库不可用", "暂时无法使用数据库，请稍后重试。未确认的内容没有保存。";
        en: "Database unavailable", "The database can't be reached. Try again in a moment; what was not acknowledged is not stored."
    }
    /// The disk of the database is full.
    StorageFull "storage_full" INSUFFICIENT_STORAGE {
        zh: "存储空间已满", "服务器存储空间不足，内容没有保存。";
        en: "Storage full", "The server has no room left; nothing was stored."
    }
    /// The place of attachments is not set, or can't be reached.
    AttachmentsUnavailable "attachments_unavailable" SERVICE_UNAVAILABLE {
        zh: "附件存储不可用", "暂时无法存取附件：未设置附件存储位置，或无法访问。请稍后重试；未确认的附件没有保存，可以再次上传。";
        en: "Attachments unavailable", "Files can't be kept or read now: no place for them is set, or it can't be reached. Try again in a moment; what was not acknowledged is not stored, and can be sent again."
    }
    /// A fault of the program.
    Internal "internal" INTERNAL_SERVER_ERROR {
        zh: "服务器内部错误", "程序出错，已记入日志。请将 request_id 告知管理员。";
        en: "Internal error", "The program failed, and the log says why. Give the request_id to the administrator."
    }
}

impl Code {
    /// The code of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }

    /// The code for a bare status, as actix itself answers it.
    pub(super) fn from_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::Unauthenticated,
            StatusCode::FORBIDDEN => Self::Forbidden,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::REQUEST_TIMEOUT => Self::Timeout,
            StatusCode::CONFLICT => Self::Conflict,
            StatusCode::PRECONDITION_FAILED => Self::PreconditionFailed,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::TOO_MANY_REQUESTS => Self::TooManyAttempts,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::SERVICE_UNAVAILABLE => Self::Busy,
            status if status.is_client_error() => Self::BadRequest,
            _ => Self::Internal,
        }
    }
}
