//! A run notices what it is there to notice.

use std::collections::BTreeSet;

use super::*;

/// The naive hub in an engine's coat, with a fault to be found.
struct Mirror {
    hub: Hub,
    open: Vec<Hub>,
    now_ms: i64,
    fault: fn(&HubWrite) -> bool,
}

impl HubSubject for Mirror {
    fn set_clock(&mut self, now_ms: i64) {
        self.now_ms = now_ms;
    }

    fn load(&mut self, documents: &[Value]) -> Result<(), String> {
        documents.iter().for_each(|document| self.hub.load(document));
        Ok(())
    }

    fn write(&mut self, writes: &[HubWrite]) -> Result<Vec<Result<i64, Fault>>, String> {
        let mut outcomes = Vec::new();
        for write in writes {
            let HubWrite { id, request, condition } = write;
            let at_ms = self.now_ms.max(self.hub.last_ms(id).unwrap_or(i64::MIN));
            if (self.fault)(write) {
                outcomes.push(Ok(at_ms));
                continue;
            }
            let outcome = self.hub.apply(id, request, condition, at_ms);
            outcomes.push(outcome.map(|()| at_ms).map_err(|faults| faults[0]));
        }
        Ok(outcomes)
    }

    fn twin(&self, id: &TwinId) -> Option<Value> {
        self.hub.document(id)
    }

    fn open(&mut self) {
        self.open.push(self.hub.clone());
    }

    fn close(&mut self, nth: usize) {
        self.open.remove(nth);
    }

    fn query(&mut self, text: &str, at: Option<usize>) -> Result<Answer, String> {
        let hub = at.map_or(&self.hub, |nth| &self.open[nth]);
        let (modules, devices) =
            hub.ids().cloned().partition::<Vec<_>, _>(|id| id.module_id.is_some());
        let [devices, modules] =
            [devices, modules].map(|ids| ids.iter().filter_map(|id| hub.document(id)).collect());
        let world = World { devices, modules, now_ms: self.now_ms };
        let query = twindex_lang::parse_query(text, &twindex_lang::limits::Limits::default());
        let query = query.map_err(|diagnostics| format!("{diagnostics:?}"))?;
        answer(&world, &query).map_err(|refusal| refusal.to_string())
    }

    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

fn run(n_histories: u64, fault: fn(&HubWrite) -> bool) -> Result<ModelCampaign, Box<ModelFailure>> {
    let start = |_| -> Box<dyn HubSubject> {
        Box::new(Mirror { hub: Hub::new(), open: Vec::new(), now_ms: 0, fault })
    };
    run_model(n_histories, 7, Shrinking::Full, &start)
}

#[test]
fn an_engine_without_fault_passes() {
    let campaign = run(300, |_| false).unwrap_or_else(|failure| panic!("{failure}"));
    let ModelCampaign { n_writes, n_refused, n_queries, n_old, n_with_rows, .. } = campaign;
    assert!(n_writes > 5_000 && n_refused * 2 < n_writes, "{campaign:?}");
    assert!(n_refused * 10 > n_writes, "{campaign:?}");
    assert!(n_old * 4 > n_queries && n_with_rows * 4 > n_queries, "{campaign:?}");
}

#[test]
fn a_lost_removal_is_found_and_made_small() {
    let failure = run(300, |write| match &write.request {
        Request::Report(Value::Object(patch)) => patch.values().any(Value::is_null),
        _ => false,
    });
    let failure = failure.unwrap_err();
    assert!(failure.history.steps.len() <= 2, "{failure}");
    assert!(failure.to_string().len() < 700, "{failure}");
}

#[test]
fn every_kind_of_write_is_accepted_and_every_fault_is_met() {
    let (mut kinds, mut faults) = (BTreeSet::new(), BTreeSet::new());
    for seed in 0..400 {
        let history = History::generate(seed);
        let mut hub = Hub::new();
        for draft in history.steps.iter().flat_map(|step| match step {
            Step::Write(drafts) => &drafts[..],
            _ => &[],
        }) {
            let condition = condition(&hub, draft);
            match hub.apply(&draft.id, &draft.request, &condition, 0) {
                Ok(()) => {
                    kinds.insert(format!("{:?}", std::mem::discriminant(&draft.request)));
                }
                Err(found) => faults.extend(found),
            }
        }
    }
    assert_eq!(kinds.len(), 6);
    assert_eq!(faults.len(), 7, "{faults:?}");
}

#[test]
fn a_seed_is_the_whole_history() {
    for seed in 0..50 {
        assert_eq!(History::generate(seed), History::generate(seed));
    }
}
