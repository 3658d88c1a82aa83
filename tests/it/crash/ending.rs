//! How every crash test ends: what was accepted is done, and then everything is judged.

use tokio::sync::watch;
use url::Url;
use usher::{
    domain::{Product, Timestamp},
    log::Log,
    sandbox::ACCOUNT,
};

use super::{
    load::{History, Load},
    records::Records,
    scene::Scene,
    verdict::{self, Evidence, Figures},
};
use crate::support::process::{Doors, Usher};

/// Where webhooks are taken in now; senders follow it.
pub type Open = watch::Sender<Vec<Url>>;

/// Ends the load, waits until `ushers` have done everything, and stops them in order. They run already.
pub async fn let_finish(scene: &Scene, ushers: Vec<(Usher, Doors)>, open: &Open, load: Load) -> Vec<History> {
    open.send_replace(ushers.iter().map(|(_, doors)| doors.webhooks.clone()).collect());
    let histories = load.finish().await;
    scene.everything_is_done(&ushers[0].1, &histories, None).await;
    for (usher, _) in ushers {
        assert!(usher.stop().await.success(), "it did not end as it should");
    }
    histories
}

/// Fails the test unless everything fits together.
pub async fn judge(scene: &Scene, log: &dyn Log, histories: &[History]) -> Figures {
    judge_after(scene, log, histories, Suffered::default()).await
}

/// What happened meanwhile that a judge has to know of.
#[derive(Debug, Clone, Default)]
pub struct Suffered {
    /// A process stood still.
    pub halted: bool,
    /// The broker was killed.
    pub broker_killed: bool,
    /// When the topic of the outcomes began to be deleted, each time.
    pub outcomes_lost: Vec<Timestamp>,
}

/// The same, after all that was suffered.
pub async fn judge_after(scene: &Scene, log: &dyn Log, histories: &[History], suffered: Suffered) -> Figures {
    let records = Records::read(log).await;
    let control = &scene.sandbox.control;
    let journal = control.journal(0).await.expect("the journal");
    let (mut users, mut issues) = (Vec::new(), Vec::new());
    for product in [Product::JiraDc, Product::JiraCloud] {
        let listed = control.users(product).await.expect("the users");
        users.extend(listed.into_iter().filter(|user| user.account.name != ACCOUNT).map(|user| (product, user)));
        issues.extend(control.issues(product).await.expect("the issues").into_iter().map(|issue| (product, issue)));
    }
    let verdict = verdict::judge(Evidence {
        histories,
        kills: &scene.kills,
        records,
        journal: &journal,
        users: &users,
        issues: &issues,
        on_create: if scene.issues { 2 } else { 1 },
        halted: suffered.halted,
        outcomes_lost: &suffered.outcomes_lost,
    });
    assert!(verdict.wrong.is_empty(), "{verdict}");
    eprintln!("{:?}", verdict.figures);
    assert!(verdict.figures.accepted > 100 && verdict.figures.changed > 100, "there was too little to judge");
    verdict.figures
}
