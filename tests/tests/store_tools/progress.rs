//! How far opening has come, as the caller is told.

use std::sync::{Arc, Mutex};

use twindex::{Access, OpenProgress, Options, StoreOptions, Twindex};

use crate::filled;

#[test]
fn opening_tells_how_far_it_has_come() {
    for access in [Access::ReadWrite, Access::ReadOnly] {
        let told = Arc::new(Mutex::new(Vec::<OpenProgress>::new()));
        let teller = Arc::clone(&told);
        let mut store = StoreOptions::default();
        store.access = access;
        store.progress = Some(Arc::new(move |progress| teller.lock().unwrap().push(progress)));
        let db = Twindex::open_storage(Arc::new(filled()), Options::default(), store).unwrap();
        let told = told.lock().unwrap();
        for pair in told.windows(2) {
            assert!(pair[0].part_bytes <= pair[1].part_bytes);
            assert!(pair[0].log_bytes <= pair[1].log_bytes);
            assert_eq!(pair[0].part_bytes_total, pair[1].part_bytes_total);
        }
        let (first, last) = (told[0], told[told.len() - 1]);
        assert_eq!((first.n_parts, first.log_bytes), (0, 0));
        assert_eq!((last.n_parts, last.part_bytes), (last.parts_total, last.part_bytes_total));
        let recovery = db.recovery().unwrap();
        assert_eq!(last.part_bytes_total, recovery.checkpoint_bytes);
        assert_eq!(last.n_batches, recovery.n_batches);
        assert!(last.log_bytes > 0 && last.log_bytes <= last.log_bytes_total);
    }
}
