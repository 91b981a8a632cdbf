namespace VirtualCard.Ptx;

/// <summary>Parses declarations of variables.</summary>
internal sealed class VariableParser(TokenReader reader)
{
    /// <summary>.shared .align 4 .b8 name[16] = {...}, ...</summary>
    public List<Variable> Parse(bool isExtern = false)
    {
        var line = reader.Line;
        var space = ParseSpace();
        var (type, vector, align) = ParseVariableType();
        List<Variable> variables = [];
        do
        {
            var name = reader.NextText().ToString();
            var count = ParseArraySize();
            if (vector > 1)
                count = vector * (count ?? 1);
            var variable = new Variable(name, space, type, align, count, line) { IsExtern = isExtern };
            if (reader.Accept('='))
            {
                variable.Initial = ParseInitializer(type);
                if (count == -1)
                    variable.Count = variable.Initial.Length / type.Size();
            }
            variables.Add(variable);
        } while (space != StateSpace.Param && reader.Accept(','));
        return variables;
    }

    private StateSpace ParseSpace() => reader.CurrentText switch
    {
        ".param" => Read(StateSpace.Param),
        ".shared" => Read(StateSpace.Shared),
        ".local" => Read(StateSpace.Local),
        ".global" => Read(StateSpace.Global),
        ".const" => Read(StateSpace.Const),
        _ => throw reader.Failure($"state space expected, found '{reader.CurrentText}'"),
    };

    private StateSpace Read(StateSpace space)
    {
        reader.Next();
        return space;
    }

    private (PtxType Type, int Vector, int Align) ParseVariableType()
    {
        int? align = null;
        var vector = 1;
        PtxType? type = null;
        var isPointer = false;
        while (reader.CurrentText is ['.', .. var attribute])
        {
            reader.Next();
            if (attribute is "align")
            {
                var value = (int)reader.ReadInteger();
                if (!isPointer)
                    align = value;
            }
            else if (attribute is "v2" or "v4")
                vector = attribute[1] - '0';
            else if (PtxTypes.TryParse(attribute, out var parsed))
                type = parsed;
            else if (attribute is "ptr")
                isPointer = true; // what follows describes what it points to
            else if (attribute is not ("global" or "const" or "shared" or "local" or "noalias"))
                throw reader.Failure($"unknown variable attribute .{attribute}");
        }
        return type is { } found ? (found, vector, align ?? found.Size() * vector) : throw reader.Failure("variable without a type");
    }

    /// <summary>The product of the extents in brackets: null without any, -1 for empty ones.</summary>
    private long? ParseArraySize()
    {
        long? count = null;
        while (reader.Accept('['))
        {
            long extent = -1;
            if (!reader.Accept(']'))
            {
                extent = reader.ReadInteger();
                reader.Expect(']');
            }
            count = (count ?? 1) * extent;
        }
        return count;
    }

    private byte[] ParseInitializer(PtxType type)
    {
        List<byte> bytes = [];
        Collect();
        return [.. bytes];

        void Collect()
        {
            if (!reader.Accept('{'))
            {
                var bits = ImmediateBits.Of(reader.ReadNumber(), type);
                for (var i = 0; i < type.Size(); i++)
                    bytes.Add(i < sizeof(ulong) ? (byte)(bits >> (8 * i)) : (byte)0);
                return;
            }
            while (!reader.Accept('}'))
            {
                Collect();
                reader.Accept(',');
            }
        }
    }
}
