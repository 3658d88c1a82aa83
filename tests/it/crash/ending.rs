//! How every crash test ends: what was accepted is done, and then everything is judged.

use tokio::sync::watch;
use url::Url;
use usher::{domain::Product, log::Log, sandbox::ACCOUNT};

use super::{
    load::{History, Load},
    records::Records,
    scene::Scene,
    verdict::{self, Figures},
};
use crate::support::process::{Doors, Usher};

/// Where webhooks are taken in now; senders follow it.
pub type Open = watch::Sender<Vec<Url>>;

/// Ends the load, waits until `ushers` have done everything, and stops them in order. They run already.
pub async fn let_finish(scene: &Scene, ushers: Vec<(Usher, Doors)>, open: &Open, load: Load) -> Vec<History> {
    open.send_replace(ushers.iter().map(|(_, doors)| doors.webhooks.clone()).collect());
    let histories = load.finish().await;
    scene.everything_is_done(&ushers[0].1, &histories).await;
    for (usher, _) in ushers {
        assert!(usher.stop().await.success(), "it did not end as it should");
    }
    histories
}

/// Fails the test unless everything fits together.
pub async fn judge(scene: &Scene, log: &dyn Log, histories: &[History]) -> Figures {
    let records = Records::read(log).await;
    let journal = scene.sandbox.control.journal(0).await.expect("the journal");
    let mut users = Vec::new();
    for product in [Product::JiraDc, Product::JiraCloud] {
        let listed = scene.sandbox.control.users(product).await.expect("the users");
        users.extend(listed.into_iter().filter(|user| user.account.name != ACCOUNT).map(|user| (product, user)));
    }
    let verdict = verdict::judge(histories, &scene.kills, records, &journal, &users);
    assert!(verdict.wrong.is_empty(), "{verdict}");
    eprintln!("{:?}", verdict.figures);
    assert!(verdict.figures.accepted > 100 && verdict.figures.changed > 100, "there was too little to judge");
    verdict.figures
}
