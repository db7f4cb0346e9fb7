/// Pygmy as a user has it: the real programs behind the real nginx, seen from outside.
///
/// Nothing here imports a module of the package. A ``Cluster`` is a folder with a `config.json`,
/// the `pygmy up` that runs it and what it started; ``ClusterTrait`` gives a suite or a test one
/// and ends it afterwards, whatever happened. ``HTTPConnection`` speaks HTTP by hand, so that a
/// request can be as wrong as a test wants it. ``BuyLoad`` buys from many clients and remembers
/// every answer; ``Audit`` holds what they were told against the books and the orders.
///
/// Tests block: each runs on threads of its own (``ThreadExecutor``), two clusters at a time. They
/// wait by asking again until a deadline (`eventually`), and never assert how long something took.
///
/// `PYGMY_TEST_PROGRAMS` names the folder with the programs (default: where the tests were built);
/// `PYGMY_TEST_KEEP=1` leaves the folders of the clusters behind, to read their logs.
enum SystemTests {}
