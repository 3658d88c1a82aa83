//! Acts of administrators.

use super::{Error, Wire, event::source, need, proto};
use crate::domain::{ActResult, AdminAction, Channel, RequestKey, Role, RunId, Timestamp};

impl Wire for AdminAction {
    type Message = proto::AdminAction;

    fn to_wire(&self) -> proto::AdminAction {
        proto::AdminAction {
            id: self.id.clone(),
            at_ms: self.at.as_millis(),
            by: self.by.as_ref().map(ToString::to_string),
            role: self.role.map(|role| role.to_string()),
            via: self.via.to_string(),
            from: self.from.map(|from| from.to_string()),
            action: self.action.clone(),
            on: self.on.clone(),
            source: self.source.as_ref().map(ToString::to_string),
            before: self.before.clone(),
            after: self.after.clone(),
            reason: self.reason.clone(),
            run: self.run.as_ref().map(ToString::to_string),
            result: self.result.as_str().to_owned(),
            request: self
                .request
                .as_ref()
                .map(|RequestKey { key, request }| proto::RequestKey { key: key.clone(), request: request.clone() }),
        }
    }

    fn from_wire(message: proto::AdminAction) -> Result<Self, Error> {
        let by = message.by.map(|by| by.parse().map_err(|_| Error::Missing("by"))).transpose()?;
        let role = message.role.map(|role| need(Role::named(&role), "role")).transpose()?;
        Ok(Self {
            id: message.id,
            at: Timestamp::from_millis(message.at_ms),
            by,
            role,
            via: need(Channel::named(&message.via), "via")?,
            from: message.from.and_then(|from| from.parse().ok()),
            action: message.action,
            on: message.on,
            source: message.source.map(source).transpose()?,
            before: message.before,
            after: message.after,
            reason: message.reason,
            run: message.run.map(RunId::new),
            result: need(ActResult::named(&message.result), "result")?,
            request: message.request.map(|proto::RequestKey { key, request }| RequestKey { key, request }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::codec::{decode, encode};

    fn action() -> AdminAction {
        AdminAction {
            id: "0a".repeat(16),
            at: Timestamp::from_millis(1_700_000_000_000),
            by: Some("ci (for jdoe)".parse().expect("a name")),
            role: Some(Role::Operator),
            via: Channel::Api,
            from: Some([10, 0, 0, 1].into()),
            action: "scheme.run".into(),
            on: "scheme:leavers".into(),
            source: Some("acme".parse().expect("an id")),
            before: Some("5a1e".into()),
            after: Some("=1+1\n".into()),
            reason: Some("tidy up".into()),
            run: Some(RunId::new("s.leavers")),
            result: ActResult::Accepted,
            request: Some(RequestKey { key: "1".into(), request: "2".into() }),
        }
    }

    #[test]
    fn an_act_survives_the_log() {
        let bare = AdminAction {
            by: None,
            role: None,
            from: None,
            source: None,
            before: None,
            after: None,
            reason: None,
            run: None,
            request: None,
            result: ActResult::Refused,
            ..action()
        };
        for action in [action(), bare] {
            assert_eq!(decode::<AdminAction>(&encode(&action)).expect("read"), action);
        }
    }

    #[test]
    fn a_way_or_a_role_of_a_later_version_is_refused_with_what() {
        let refused = |message| AdminAction::from_wire(message).expect_err("not known").to_string();
        let later = proto::AdminAction { via: "telepathy".into(), ..action().to_wire() };
        assert!(refused(later).contains("`via`"));
        let later = proto::AdminAction { role: Some("owner".into()), ..action().to_wire() };
        assert!(refused(later).contains("`role`"));
    }
}
