//! Ten thousand connections at once, over and over.

use futures::{StreamExt, stream};
use usher::sandbox::{
    Account,
    webhook::{Delivery, Happening},
};

use super::{assert_alive, on_the_wire, start, status};
use crate::support::{
    ground::ACME,
    usher::Usher,
    wire::{Wire, exchange},
};

const CROWD: usize = 10_000;

/// Opens so many connections, a third of which have been answered, a third have begun a request, a third say nothing.
async fn crowd(usher: &Usher) -> Vec<Wire> {
    let ping = on_the_wire("/webhooks/acme", &Delivery::raw(r#"{"test":true}"#));
    let ping = &ping;
    let connect = |number: usize| async move {
        let mut wire = Wire::connect(usher.webhooks).await;
        match number % 3 {
            0 => {
                assert!(wire.send(ping).await);
                assert_eq!(status(&wire.answer().await), 200);
            }
            1 => assert!(wire.send(&ping[..40]).await),
            _ => {}
        }
        wire
    };
    stream::iter(0..CROWD).map(connect).buffer_unordered(256).collect().await
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_connections_do_not_keep_a_delivery_out_and_memory_comes_to_rest() {
    let limit = rlimit::increase_nofile_limit(u64::MAX).expect("a limit");
    assert!(limit > CROWD as u64 + 1_000, "this test needs 11,000 open files, the limit is {limit}");
    let (ground, usher) = start().await;
    assert_alive(&ground, &usher).await;
    let mut resident = vec![usher.resident()];
    for _ in 0..5 {
        let mut wires = crowd(&usher).await;
        assert_eq!(wires.len(), CROWD);
        assert_alive(&ground, &usher).await;
        resident.push(usher.resident());
        // All of those that were answered ask again, while the others are still there.
        let request = on_the_wire("/webhooks/acme", &Delivery::raw(r#"{"test":true}"#));
        let mut served = 0;
        for wire in &mut wires {
            if wire.was_answered() && wire.send(&request).await && status(&wire.answer().await) == 200 {
                served += 1;
            }
        }
        assert!(served >= CROWD / 3, "{served} of {}", CROWD / 3);
        drop(wires); // abruptly, many in the middle of a request
        assert_alive(&ground, &usher).await;
        resident.push(usher.resident());
    }
    eprintln!("resident KiB: before {}, then with and after each crowd {:?}", resident[0], &resident[1..]);
    let (before, first, fourth, fifth) = (resident[0], resident[2], resident[8], resident[10]);
    assert!(fifth < before + 32 * CROWD as u64, "more than 32 KiB a connection: {resident:?}");
    // The allocator keeps what a crowd needed for the next one, which may need it on another thread.
    assert!(fifth < fourth + (first - before) / 5, "memory does not come to rest: {resident:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_break_off_leave_nothing_behind() {
    let (ground, usher) = start().await;
    let event = Delivery::of(ACME.product, Happening::Created, &Account::new("KEY", "name")).sign(ACME.secret);
    let request = on_the_wire("/webhooks/acme", &event);
    let mut resident = Vec::new();
    for _ in 0..4 {
        for cut in (0..request.len()).chain(0..request.len()) {
            let mut wire = Wire::connect(usher.webhooks).await;
            wire.send(&request[..cut]).await;
            wire.reset();
        }
        assert_alive(&ground, &usher).await;
        resident.push(usher.resident());
    }
    assert!(resident[3] < resident[0] + 16 * 1024, "{resident:?}");
    assert_eq!(status(&exchange(usher.webhooks, &request).await), 200);
}
