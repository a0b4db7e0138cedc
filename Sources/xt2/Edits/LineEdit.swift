/// An edit and the line of a file that asks for it.
struct LineEdit {
    /// What is to be done.
    var edit: Edit
    /// The line, from 1; nil if it is what is not in the file.
    var line: Int?
}
