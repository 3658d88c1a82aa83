//! Claims on administrators.

use super::{Error, Wire, event::source, proto};
use crate::domain::{AdministratorClaim, ClaimState, Timestamp, UserId};

impl Wire for AdministratorClaim {
    type Message = proto::AdministratorClaim;

    fn to_wire(&self) -> proto::AdministratorClaim {
        let state = match self.state {
            ClaimState::Made => proto::ClaimState::Made,
            ClaimState::Used => proto::ClaimState::Used,
            ClaimState::Released => proto::ClaimState::Released,
        };
        proto::AdministratorClaim {
            id: self.id.clone(),
            source: self.source.to_string(),
            user: self.user.as_str().to_owned(),
            at_ms: self.at.as_millis(),
            state: state.into(),
        }
    }

    fn from_wire(message: proto::AdministratorClaim) -> Result<Self, Error> {
        let state = match message.state() {
            proto::ClaimState::Made => ClaimState::Made,
            proto::ClaimState::Used => ClaimState::Used,
            proto::ClaimState::Released => ClaimState::Released,
            proto::ClaimState::Unspecified => return Err(Error::Missing("state")),
        };
        Ok(Self {
            id: message.id,
            source: source(message.source)?,
            user: UserId::new(message.user),
            at: Timestamp::from_millis(message.at_ms),
            state,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::codec::{decode, encode};

    #[test]
    fn a_claim_survives_the_log() {
        for state in [ClaimState::Made, ClaimState::Used, ClaimState::Released] {
            let claim = AdministratorClaim {
                id: "7f".to_owned(),
                source: "acme".parse().expect("an id"),
                user: UserId::new("JIRAUSER1"),
                at: Timestamp::from_millis(1_000),
                state,
            };
            assert_eq!(decode::<AdministratorClaim>(&encode(&claim)).expect("read"), claim);
        }
    }
}
