/// The words of versions and audit entries about what other programs did.
enum ForeignRecord {
    /// The audit log's word for a change that became a version.
    static let action = "foreign"
    /// The audit log's word for a change that was undone.
    static let enforcement = "enforce"
    /// Why nobody is named.
    static let unwatched = "changed while xt2d was not watching"
}
