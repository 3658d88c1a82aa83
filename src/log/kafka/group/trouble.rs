//! Why a group refuses a member, and what to do about it.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// Whether `error` says that another process has joined under the instance id of this one.
pub(in crate::log::kafka) fn is_fenced(error: &KafkaError) -> bool {
    code(error) == Some(RDKafkaErrorCode::FencedInstanceId)
}

/// The message about a fenced member.
pub(in crate::log::kafka) fn fenced(group: &str, instance_id: &str) -> String {
    format!(
        "another process has joined the group {group} under the instance id `{instance_id}` of this one; give each process an \
         id of its own in `log.kafka.instance_id`"
    )
}

fn code(error: &KafkaError) -> Option<RDKafkaErrorCode> {
    match error {
        KafkaError::MessageConsumptionFatal(code) => Some(*code),
        error => error.rdkafka_error_code(),
    }
}

/// The message about `error` of `group`, if it lasts until somebody acts. `None` if it passes by itself, or is not
/// about the group.
pub(in crate::log::kafka) fn refusal(group: &str, error: &KafkaError) -> Option<String> {
    use RDKafkaErrorCode as Code;
    let code = code(error)?;
    let remedy = match code {
        Code::GroupAuthorizationFailed => "allow usher `Read` of the groups under `topic_prefix`",
        Code::InvalidSessionTimeout => {
            "set `session.timeout.ms` between `group.min.session.timeout.ms` and `group.max.session.timeout.ms` of the brokers"
        }
        Code::GroupMaxSizeReached => "raise `group.max.size` of the brokers, or run fewer replicas",
        Code::InconsistentGroupProtocol => "see that nothing but usher, with the same options, is in the group",
        Code::InvalidGroupId => "choose another `topic_prefix`",
        _ if matches!(error, KafkaError::MessageConsumptionFatal(_)) => "the group is joined anew",
        _ => return None,
    };
    Some(format!("the group {group} refuses usher: {}; {remedy}", crate::words::kafka_code(code)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_says_what_to_do_and_what_passes_says_nothing() {
        use RDKafkaErrorCode as Code;
        let refusal = |code| refusal("usher.planner.acme", &KafkaError::MessageConsumption(code));
        for (code, remedy) in [
            (Code::GroupAuthorizationFailed, "allow usher `Read`"),
            (Code::InvalidSessionTimeout, "set `session.timeout.ms`"),
            (Code::GroupMaxSizeReached, "raise `group.max.size`"),
        ] {
            let why = refusal(code).expect("it lasts");
            assert!(why.starts_with("the group usher.planner.acme refuses usher: ") && why.contains(remedy), "{why}");
        }
        for passing in [
            Code::RebalanceInProgress,
            Code::CoordinatorNotAvailable,
            Code::NotCoordinator,
            Code::UnknownMemberId,
            Code::IllegalGeneration,
            Code::AllBrokersDown,
            Code::PollExceeded,
            Code::UnknownTopicOrPartition,
        ] {
            assert_eq!(refusal(passing), None, "{passing}");
        }
    }

    #[test]
    fn a_member_that_is_fenced_is_told_under_which_id() {
        use RDKafkaErrorCode::FencedInstanceId;
        for error in
            [KafkaError::MessageConsumptionFatal(FencedInstanceId), KafkaError::MessageConsumption(FencedInstanceId)]
        {
            assert!(is_fenced(&error));
        }
        assert!(!is_fenced(&KafkaError::MessageConsumption(RDKafkaErrorCode::UnknownMemberId)));
        let why = fenced("usher.planner.acme", "usher-0");
        assert!(why.contains("usher.planner.acme") && why.contains("`usher-0`"), "{why}");
    }

    #[test]
    fn a_member_that_can_not_go_on_is_refused_whatever_the_code() {
        let fatal = KafkaError::MessageConsumptionFatal(RDKafkaErrorCode::Unknown);
        assert!(refusal("usher.planner.acme", &fatal).is_some_and(|why| why.ends_with("; the group is joined anew")));
    }
}
