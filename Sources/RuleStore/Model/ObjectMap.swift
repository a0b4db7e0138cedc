/// What there is of each object, by its number: a dictionary of object ids that is cheap to copy and to edit at any size.
///
/// Why: ids are given out one after the other, so a tree by their digits needs no hash, keeps neighbours together, and is full
/// wherever objects lived on.
/// - Shape: a tree whose nodes have up to 32 branches, one for each value of five bits of the number, the highest bits at the
///   root; a node keeps those that are there, in order. The tree is as deep as its greatest number needs, at most 13 nodes.
/// - Cost: a copy is O(1) and shares all nodes; a look-up is as many steps as the tree is deep; a change copies the nodes on its
///   way that other maps have too.
/// - Order: going through it is in the order of the ids.
/// - Invariants: only the root may be without branches, and is then at the lowest level; it has not only its first branch, unless
///   it is at the lowest level. So equal maps have equal trees.
public struct ObjectMap<Value: Sendable>: Sendable {
    @usableFromInline var root = Node.values(0, [])
    /// By how many bits a number is shifted for its branch at the root.
    @usableFromInline var shift: UInt64 = 0
    @usableFromInline var entered = 0

    /// Makes an empty map.
    @inlinable
    public init() {}

    /// How many objects are in it.
    @inlinable
    public var count: Int { entered }

    /// Whether there is nothing.
    @inlinable
    public var isEmpty: Bool { entered == 0 }

    /// A node; bit n of its number says whether branch n is there.
    @usableFromInline
    enum Node: Sendable {
        /// One of the lowest level.
        case values(UInt32, [Value])
        case nodes(UInt32, [Node])

        /// Its number.
        @inlinable
        var present: UInt32 {
            switch self {
            case .values(let present, _), .nodes(let present, _): present
            }
        }
    }
}

/// How many bits of a number choose a branch.
@usableFromInline let bitsOfBranch: UInt64 = 5

/// Where a number goes on from a node of an ``ObjectMap``.
@usableFromInline
struct Branch {
    @usableFromInline let bit: UInt32
    /// Where it stands among those that are there, or would stand.
    @usableFromInline let index: Int
    @usableFromInline let isThere: Bool

    @inlinable
    init(of number: UInt64, shift: UInt64, present: UInt32) {
        bit = 1 << UInt32(truncatingIfNeeded: number >> shift & 31)
        index = (present & (bit &- 1)).nonzeroBitCount
        isThere = present & bit != 0
    }
}

// MARK: - Look-up

extension ObjectMap {
    /// What there is of an object; `nil` takes it out.
    @inlinable
    public subscript(_ id: ObjectID) -> Value? {
        get { fits(id.rawValue) ? root.value(id.rawValue, shift) : nil }
        set {
            // A way to what is not there is not laid to be taken up again.
            if newValue == nil && self[id] == nil { return }
            update(id) { $0 = newValue }
        }
    }

    /// What there is of an object, or what is to be taken for it where there is nothing.
    @inlinable
    public subscript(_ id: ObjectID, default value: @autoclosure () -> Value) -> Value {
        self[id] ?? value()
    }

    /// Whether the tree is high enough for a number.
    @inlinable
    func fits(_ number: UInt64) -> Bool { number >> shift < 32 }
}

extension ObjectMap.Node {
    @inlinable
    func value(_ number: UInt64, _ shift: UInt64) -> Value? {
        switch self {
        case .values(let present, let values):
            let branch = Branch(of: number, shift: 0, present: present)
            return branch.isThere ? values[branch.index] : nil
        case .nodes(let present, let nodes):
            let branch = Branch(of: number, shift: shift, present: present)
            return branch.isThere ? nodes[branch.index].value(number, shift - bitsOfBranch) : nil
        }
    }
}

// MARK: - Edits

extension ObjectMap {
    /// Changes what there is of an object in place; `nil` before or after stands for nothing.
    @inlinable
    public mutating func update<Result>(
        _ id: ObjectID, _ body: (inout Value?) -> Result
    ) -> Result {
        while !fits(id.rawValue) {
            root = .nodes(isEmpty ? 0 : 1, isEmpty ? [] : [root])
            shift += bitsOfBranch
        }
        var change = 0
        let result = root.update(id.rawValue, shift) { value in
            if value != nil { change -= 1 }
            defer { if value != nil { change += 1 } }
            return body(&value)
        }
        entered += change
        if change <= 0 { shorten() }
        return result
    }

    /// Takes nodes off the top that have only their first branch, or nothing.
    @inlinable
    mutating func shorten() {
        while case .nodes(1, let nodes) = root {
            root = nodes[0]
            shift -= bitsOfBranch
        }
        if isEmpty { self = ObjectMap() }
    }
}

extension ObjectMap.Node {
    /// Takes the arrays out of the node and puts them back, so that one that nobody else has is not copied.
    @inlinable
    mutating func update<Result>(
        _ number: UInt64, _ shift: UInt64, _ body: (inout Value?) -> Result
    ) -> Result {
        switch consume self {
        case .values(var present, var values):
            let branch = Branch(of: number, shift: 0, present: present)
            var value = branch.isThere ? values.remove(at: branch.index) : nil
            let result = body(&value)
            present &= ~branch.bit
            if let value {
                values.insert(value, at: branch.index)
                present |= branch.bit
            }
            self = .values(present, values)
            return result
        case .nodes(var present, var nodes):
            let branch = Branch(of: number, shift: shift, present: present)
            let below = shift - bitsOfBranch
            if !branch.isThere {
                nodes.insert(below == 0 ? .values(0, []) : .nodes(0, []), at: branch.index)
            }
            let result = nodes[branch.index].update(number, below, body)
            present |= branch.bit
            if nodes[branch.index].present == 0 {
                nodes.remove(at: branch.index)
                present ^= branch.bit
            }
            self = .nodes(present, nodes)
            return result
        }
    }
}

// MARK: - Going through it

extension ObjectMap: Sequence {
    /// Goes through a map in the order of the ids.
    public struct Iterator: IteratorProtocol {
        /// A node on the way, and what of it is still to come.
        @usableFromInline
        struct Step {
            @usableFromInline let node: Node
            @usableFromInline var rest: UInt32
            @usableFromInline var index = 0

            @inlinable
            init(_ node: Node) {
                self.node = node
                rest = node.present
            }
        }

        @usableFromInline var way: [Step]
        @usableFromInline let shift: UInt64
        /// The id, as far as the way leads.
        @usableFromInline var number: UInt64 = 0

        @inlinable
        init(_ map: ObjectMap) {
            shift = map.shift
            way = [Step(map.root)]
        }

        /// The next object.
        @inlinable
        public mutating func next() -> (id: ObjectID, value: Value)? {
            while let last = way.indices.last {
                let (rest, index) = (way[last].rest, way[last].index)
                if rest == 0 {
                    way.removeLast()
                    continue
                }
                way[last].rest = rest & (rest - 1)
                way[last].index += 1
                let shift = shift - bitsOfBranch * UInt64(last)
                number = (number >> (shift + bitsOfBranch)) << (shift + bitsOfBranch)
                number |= UInt64(rest.trailingZeroBitCount) << shift
                switch way[last].node {
                case .values(_, let values): return (ObjectID(rawValue: number), values[index])
                case .nodes(_, let nodes): way.append(Step(nodes[index]))
                }
            }
            return nil
        }
    }

    /// Begins with the oldest object.
    @inlinable
    public func makeIterator() -> Iterator { Iterator(self) }

    /// How many objects are in it.
    @inlinable
    public var underestimatedCount: Int { entered }

    /// What there is of each object, in the order of the ids.
    @inlinable
    public var values: some Sequence<Value> { lazy.map { $0.value } }

    /// The ids, in order.
    @inlinable
    public var keys: some Sequence<ObjectID> { lazy.map { $0.id } }
}

extension ObjectMap.Node: Equatable where Value: Equatable {}

/// Two maps are equal if they have the same objects and the same of each; what they share is not looked at.
extension ObjectMap: Equatable where Value: Equatable {}
