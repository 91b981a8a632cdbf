namespace VirtualCard.Ptx;

/// <summary>
/// Numbers blocks so that each comes behind all that lead to it, loops apart, and a loop's blocks stand together before its exits:
/// where the lowest block with threads runs first, threads meet again however the text orders the blocks.
/// </summary>
internal sealed class BlockOrder
{
    // Indexed by BasicBlock.Index, which is the place in the text until the end.
    private readonly int[] _visit;

    private readonly int[] _low;

    private readonly bool[] _isOpen;

    // The innermost set of blocks under work that a block belongs to.
    private readonly int[] _set;

    private readonly int[] _component;

    private int _sets;

    private BlockOrder(int count) =>
        (_visit, _low, _isOpen, _set, _component) = (new int[count], new int[count], new bool[count], new int[count], new int[count]);

    /// <summary>The blocks that can be reached, in the order of execution.</summary>
    public static BasicBlock[] Order(List<BasicBlock> blocks)
    {
        var reached = Reach(blocks);
        for (var i = 0; i < reached.Count; i++)
            reached[i].Index = i;
        List<BasicBlock> order = [];
        new BlockOrder(reached.Count).Order(reached, order);
        if (order[0] != blocks[0]) // the entry is inside of a loop
        {
            order.Remove(blocks[0]);
            order.Insert(0, blocks[0]);
        }
        for (var i = 0; i < order.Count; i++)
            order[i].Index = i;
        return [.. order];
    }

    private static List<BasicBlock> Reach(List<BasicBlock> blocks)
    {
        HashSet<BasicBlock> reached = [blocks[0]];
        Stack<BasicBlock> work = new([blocks[0]]);
        while (work.TryPop(out var block))
        {
            foreach (var successor in block.Successors)
            {
                if (reached.Add(successor))
                    work.Push(successor);
            }
        }
        return [.. blocks.Where(reached.Contains)];
    }

    private void Order(List<BasicBlock> blocks, List<BasicBlock> order)
    {
        var set = ++_sets;
        foreach (var block in blocks)
        {
            _set[block.Index] = set;
            _visit[block.Index] = 0;
        }
        var components = FindComponents(blocks, set);
        // Found before the sets of the inner loops take the place of this one.
        var headers = FindHeaders(blocks, components, set);
        for (var i = components.Count - 1; i >= 0; i--)
        {
            var component = components[i];
            if (component.Count == 1)
            {
                order.Add(component[0]);
                continue;
            }
            order.Add(headers[i]);
            component.Remove(headers[i]);
            component.Sort((a, b) => a.Index - b.Index);
            Order(component, order);
        }
    }

    /// <summary>Of each component the first block that others lead to, or the first of all.</summary>
    private BasicBlock[] FindHeaders(List<BasicBlock> blocks, List<List<BasicBlock>> components, int set)
    {
        var headers = new BasicBlock?[components.Count];
        for (var i = 0; i < components.Count; i++)
        {
            foreach (var block in components[i])
                _component[block.Index] = i;
        }
        foreach (var block in blocks)
        {
            foreach (var successor in block.Successors)
            {
                if (_set[successor.Index] != set || _component[successor.Index] == _component[block.Index])
                    continue;
                ref var header = ref headers[_component[successor.Index]];
                if (header is null || successor.Index < header.Index)
                    header = successor;
            }
        }
        return [.. headers.Select((header, i) => header ?? components[i].MinBy(block => block.Index)!)];
    }

    /// <summary>The strongly connected components, each behind those that it leads to (Tarjan).</summary>
    private List<List<BasicBlock>> FindComponents(List<BasicBlock> blocks, int set)
    {
        List<List<BasicBlock>> components = [];
        Stack<BasicBlock> open = [];
        Stack<(BasicBlock Block, int Next)> work = [];
        var visits = 0;
        foreach (var root in blocks)
        {
            if (_visit[root.Index] == 0)
                Visit(root);
            while (work.TryPop(out var step))
            {
                var (block, next) = step;
                if (next < block.Successors.Count)
                {
                    work.Push((block, next + 1));
                    var successor = block.Successors[next];
                    if (_set[successor.Index] != set)
                        continue;
                    if (_visit[successor.Index] == 0)
                        Visit(successor);
                    else if (_isOpen[successor.Index])
                        _low[block.Index] = Math.Min(_low[block.Index], _visit[successor.Index]);
                    continue;
                }
                if (work.TryPeek(out var parent))
                    _low[parent.Block.Index] = Math.Min(_low[parent.Block.Index], _low[block.Index]);
                if (_low[block.Index] == _visit[block.Index])
                    components.Add(Close(block));
            }
        }
        return components;

        void Visit(BasicBlock block)
        {
            _visit[block.Index] = _low[block.Index] = ++visits;
            _isOpen[block.Index] = true;
            open.Push(block);
            work.Push((block, 0));
        }

        List<BasicBlock> Close(BasicBlock root)
        {
            List<BasicBlock> component = [];
            BasicBlock block;
            do
            {
                block = open.Pop();
                _isOpen[block.Index] = false;
                component.Add(block);
            } while (block != root);
            return component;
        }
    }
}
