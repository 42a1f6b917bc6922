//! The tables, as both databases have them. `migrations/` is what makes them.

#![allow(clippy::wildcard_imports, reason = "diesel's tables name many SQL types")]

diesel::table! {
    use diesel::sql_types::*;

    surveys (survey) {
        survey -> Text,
        state -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    definitions (survey, version) {
        survey -> Text,
        version -> Text,
        state -> Text,
        hash -> Text,
        file_name -> Text,
        source -> Binary,
        created_at -> Timestamp,
        published_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    attached_files (survey, version, name) {
        survey -> Text,
        version -> Text,
        name -> Text,
        hash -> Text,
        content -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    frameworks (hash) {
        hash -> Text,
        file_name -> Text,
        source -> Text,
        created_at -> Timestamp,
        current -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    places (code) {
        code -> Text,
        position -> BigInt,
        place -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    rounds (round) {
        round -> Text,
        label -> Text,
        state -> Text,
        opens_on -> Nullable<Date>,
        closes_on -> Nullable<Date>,
        synthetic -> Bool,
        created_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::json::Json;

    users (id) {
        id -> BigInt,
        name -> Text,
        password_hash -> Text,
        role -> Text,
        cities -> Nullable<Json>,
        disabled -> Bool,
        must_change_password -> Bool,
        created_at -> Timestamp,
        second_factor -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::json::Json;

    tokens (id) {
        id -> BigInt,
        user_id -> BigInt,
        hash -> Text,
        hint -> Text,
        surveys -> Nullable<Json>,
        round -> Nullable<Text>,
        created_at -> Timestamp,
        expires_at -> Nullable<Timestamp>,
        last_used_at -> Nullable<Timestamp>,
        revoked_at -> Nullable<Timestamp>,
        cities -> Nullable<Json>,
        acts -> Nullable<Json>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    sessions (id) {
        id -> BigInt,
        user_id -> BigInt,
        hash -> Text,
        carrier -> Text,
        second_factor_given -> Bool,
        address -> Text,
        agent -> Text,
        created_at -> Timestamp,
        last_used_at -> Timestamp,
        expires_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    sign_in_failures (counter) {
        counter -> Text,
        failures -> BigInt,
        failed_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    known_origins (user_id, origin) {
        user_id -> BigInt,
        origin -> Text,
        seen_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    second_factors (user_id) {
        user_id -> BigInt,
        secret -> Binary,
        created_at -> Timestamp,
        confirmed_at -> Nullable<Timestamp>,
        last_step -> BigInt,
        data_key -> Nullable<Binary>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    recovery_codes (user_id, hash) {
        user_id -> BigInt,
        hash -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::json::Json;

    imports (id) {
        id -> BigInt,
        round -> Text,
        survey -> Text,
        state -> Text,
        content_hash -> Text,
        file_name -> Text,
        rows -> BigInt,
        summary -> Json,
        created_at -> Timestamp,
        created_by -> Text,
        withdrawn_at -> Nullable<Timestamp>,
        withdrawn_by -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::json::Jsonb;

    responses (id) {
        id -> BigInt,
        round -> Text,
        survey -> Text,
        instance_id -> Text,
        current_version -> BigInt,
        versions -> BigInt,
        revision -> BigInt,
        definition_version -> Text,
        state -> Text,
        problems -> BigInt,
        warnings -> BigInt,
        duplicate -> Bool,
        branched -> Bool,
        test -> Bool,
        organisation -> Nullable<Text>,
        code -> Nullable<Text>,
        name -> Nullable<Text>,
        city -> Nullable<Text>,
        sector -> Nullable<Text>,
        size -> Nullable<Text>,
        stratum -> Nullable<Text>,
        weight -> Nullable<Double>,
        consent -> Nullable<Text>,
        door -> Text,
        sender -> Nullable<Text>,
        import_id -> Nullable<BigInt>,
        received_at -> Timestamp,
        updated_at -> Timestamp,
        quality -> Nullable<Jsonb>,
        returned -> Bool,
        withdrawn_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::json::Json;

    response_versions (id) {
        id -> BigInt,
        round -> Text,
        survey -> Text,
        response_id -> BigInt,
        instance_id -> Text,
        deprecated_id -> Nullable<Text>,
        definition_version -> Text,
        claimed_version -> Text,
        door -> Text,
        sender -> Nullable<Text>,
        import_id -> Nullable<BigInt>,
        received_at -> Timestamp,
        content_hash -> Text,
        answers_hash -> Text,
        facts -> Json,
        answers -> Json,
        problems -> Json,
        original -> Nullable<Binary>,
        data_key -> Nullable<Binary>,
        sealed -> Nullable<Binary>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    instance_ids (survey, instance_id) {
        survey -> Text,
        instance_id -> Text,
        round -> Text,
        version_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::json::Json;

    response_events (id) {
        id -> BigInt,
        round -> Text,
        survey -> Text,
        response_id -> BigInt,
        version_id -> Nullable<BigInt>,
        kind -> Text,
        from_state -> Nullable<Text>,
        to_state -> Nullable<Text>,
        actor -> Nullable<Text>,
        door -> Nullable<Text>,
        comment -> Nullable<Text>,
        details -> Nullable<Json>,
        at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    statistics (variable, place, year) {
        place -> Text,
        year -> BigInt,
        variable -> Text,
        value -> Double,
        unit -> Text,
        source -> Text,
        file_hash -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    assessments (id) {
        id -> BigInt,
        name -> Text,
        round -> Text,
        framework_hash -> Text,
        responses -> BigInt,
        responses_hash -> Text,
        recipe -> Text,
        result -> Text,
        created_at -> Timestamp,
        created_by -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::json::Json;

    idempotency_keys (caller, key) {
        caller -> Text,
        key -> Text,
        fingerprint -> Text,
        begun_at -> Timestamp,
        status -> Nullable<BigInt>,
        headers -> Nullable<Json>,
        body -> Nullable<Binary>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    audit (id) {
        id -> BigInt,
        at -> Timestamp,
        act -> Text,
        actor -> Nullable<Text>,
        door -> Text,
        address -> Nullable<Text>,
        target -> Text,
        before -> Nullable<Text>,
        after -> Nullable<Text>,
        previous -> Text,
        hash -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::json::Json;

    jobs (id) {
        id -> BigInt,
        kind -> Text,
        input -> Json,
        state -> Text,
        cancel_requested -> Bool,
        stage -> Text,
        done -> BigInt,
        total -> Nullable<BigInt>,
        outcome -> Nullable<Json>,
        created_at -> Timestamp,
        created_by -> Text,
        started_at -> Nullable<Timestamp>,
        finished_at -> Nullable<Timestamp>,
        owner -> Nullable<Text>,
        lease -> BigInt,
        lease_until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    warning_rules (hash) {
        hash -> Text,
        file_name -> Text,
        source -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::json::Json;

    backchecks (id) {
        id -> BigInt,
        round -> Text,
        survey -> Text,
        seed -> BigInt,
        share -> Double,
        questions -> Json,
        drawn_at -> Timestamp,
        drawn_by -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    job_files (job_id, part, lease, position) {
        job_id -> BigInt,
        part -> Text,
        lease -> BigInt,
        position -> BigInt,
        name -> Text,
        content_type -> Text,
        content -> Binary,
        data_key -> Nullable<Binary>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::json::Json;

    backcheck_responses (backcheck_id, instance_id) {
        backcheck_id -> BigInt,
        instance_id -> Text,
        member -> Text,
        city -> Nullable<Text>,
        agreement -> Nullable<Json>,
        checked_at -> Nullable<Timestamp>,
        checked_by -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    organisations (id) {
        id -> BigInt,
        round -> Text,
        survey -> Text,
        code -> Text,
        name -> Text,
        city -> Text,
        sector -> Nullable<Text>,
        size -> Nullable<Text>,
        stratum -> Nullable<Text>,
        weight -> Nullable<Double>,
        employees -> Nullable<BigInt>,
        confidential -> Bool,
        listed -> Bool,
        in_frame -> Bool,
        address -> Nullable<Text>,
        latitude -> Nullable<Double>,
        longitude -> Nullable<Double>,
        revision -> BigInt,
        updated_at -> Timestamp,
        updated_by -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    round_events (id) {
        id -> BigInt,
        round -> Text,
        from_state -> Nullable<Text>,
        to_state -> Text,
        reason -> Nullable<Text>,
        actor -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    targets (round, survey, city, size) {
        round -> Text,
        survey -> Text,
        city -> Text,
        size -> Text,
        count -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::json::Json;

    samples (id) {
        id -> BigInt,
        round -> Text,
        survey -> Text,
        design -> Json,
        frame_hash -> Text,
        strata -> Json,
        drawn_at -> Timestamp,
        drawn_by -> Text,
        withdrawn_at -> Nullable<Timestamp>,
        withdrawn_by -> Nullable<Text>,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    sample_members (sample_id, organisation_id) {
        sample_id -> BigInt,
        organisation_id -> BigInt,
        stratum -> Text,
        position -> BigInt,
        reserve -> Bool,
        weight -> Nullable<Double>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    assignments (id) {
        id -> BigInt,
        round -> Text,
        survey -> Text,
        organisation_id -> BigInt,
        member -> Text,
        assigned_at -> Timestamp,
        assigned_by -> Text,
        ended_at -> Nullable<Timestamp>,
        ended_by -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    visits (id) {
        id -> BigInt,
        round -> Text,
        survey -> Text,
        organisation_id -> BigInt,
        member -> Text,
        outcome -> Text,
        appointment_at -> Nullable<Timestamp>,
        latitude -> Nullable<Double>,
        longitude -> Nullable<Double>,
        accuracy -> Nullable<Double>,
        comment -> Nullable<Text>,
        at -> Timestamp,
        recorded_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    scheduled_tasks (task) {
        task -> Text,
        taken_until -> Nullable<Timestamp>,
        done_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    retention_rules (round) {
        round -> Text,
        personal_days -> Nullable<BigInt>,
        all_days -> Nullable<BigInt>,
        on_withdrawal -> Text,
        updated_at -> Timestamp,
        updated_by -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::json::Json;

    erasures (id) {
        id -> BigInt,
        at -> Timestamp,
        actor -> Text,
        cause -> Text,
        reason -> Text,
        places -> Json,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    attachments (hash) {
        hash -> Text,
        size -> BigInt,
        media_type -> Text,
        received_at -> Timestamp,
        needed_at -> Timestamp,
        erased -> Bool,
        data_key -> Nullable<Binary>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::json::Json;

    response_attachments (round, survey, version_id, question) {
        round -> Text,
        survey -> Text,
        version_id -> BigInt,
        question -> Text,
        response_id -> BigInt,
        hash -> Text,
        sender -> Nullable<Text>,
        received_at -> Timestamp,
        log -> Nullable<Json>,
    }
}

diesel::joinable!(response_attachments -> attachments (hash));
diesel::allow_tables_to_appear_in_same_query!(attachments, response_attachments);
diesel::allow_tables_to_appear_in_same_query!(responses, response_attachments);
diesel::joinable!(backcheck_responses -> backchecks (backcheck_id));
diesel::allow_tables_to_appear_in_same_query!(backchecks, backcheck_responses);
diesel::joinable!(tokens -> users (user_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(known_origins -> users (user_id));
diesel::joinable!(second_factors -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(tokens, users, sessions, known_origins, second_factors);
diesel::allow_tables_to_appear_in_same_query!(responses, response_versions, instance_ids, response_events);
diesel::allow_tables_to_appear_in_same_query!(organisations, samples, sample_members, assignments, visits);
