using VirtualCard.Execution.Steps;
using VirtualCard.Ptx;

namespace VirtualCard.Execution.Compilation;

/// <content>ld, st, atom, red, cp.async.</content>
internal sealed partial class StepCompiler
{
    private Step? CompileMemory(Instruction instruction) => instruction.Name switch
    {
        "ld" or "ldu" => Load(instruction),
        "st" => Store(instruction),
        "atom" or "red" => Atomic(instruction),
        "cp" => Copy(instruction),
        "callextern" => CallExtern(instruction),
        _ => null,
    };

    private static StateSpace SpaceOf(Instruction instruction)
    {
        foreach (var modifier in instruction.Modifiers)
        {
            var end = modifier.IndexOf("::", StringComparison.Ordinal);
            switch (end < 0 ? modifier : modifier[..end])
            {
                case "global":
                    return StateSpace.Global;
                case "shared":
                    return StateSpace.Shared;
                case "local":
                    return StateSpace.Local;
                case "param":
                    return StateSpace.Param;
                case "const":
                    return StateSpace.Const;
            }
        }
        return StateSpace.Generic;
    }

    private static Operand[] Parts(Instruction instruction, Operand operand)
    {
        var count = instruction.Has("v8") ? 8 : instruction.Has("v4") ? 4 : instruction.Has("v2") ? 2 : 1;
        Operand[] parts = operand is VectorOperand vector ? vector.Items : [operand];
        return parts.Length == count ? parts : throw new PtxException($"line {instruction.Line}: vector length mismatch: {instruction.Text}");
    }

    /// <summary>The address that an operand names in a space.</summary>
    /// <param name="bytes">The smallest part that is accessed on its own.</param>
    private AddressOperand AddressOf(Instruction instruction, Operand operand, StateSpace space, int bytes)
    {
        var memory = operand as Ptx.Memory ?? throw new PtxException("address operand expected");
        if (space is StateSpace.Shared or StateSpace.Generic)
            SmallestSharedAccess = Math.Min(SmallestSharedAccess, bytes);
        switch (memory.Base)
        {
            case Register register:
                if (register.Type.Untyped() is not (PtxType.B32 or PtxType.B64) || !register.Type.IsInteger())
                    throw new PtxException($"address register {register.Name} has type .{register.Type.Name()}");
                return new(registers.Of(register), register.Type.Size(), memory.Offset, space, _sites++, instruction.Line);
            case Variable variable when space == StateSpace.Generic:
                throw new PtxException($"generic access through the name of a .{variable.Space.ToString().ToLowerInvariant()} variable {variable.Name}");
            case Variable variable:
                return new(registers.OfConstant(addressOf(variable) + (ulong)memory.Offset, 8), 8, 0, space, _sites++, instruction.Line);
            default:
                return new(registers.OfConstant((ulong)memory.Offset, 8), 8, 0, space, _sites++, instruction.Line);
        }
    }

    private Step Load(Instruction instruction)
    {
        var type = TypeOf(instruction.Modifiers[^1]);
        if (type.Size() > 8)
            throw Unsupported(instruction);
        var space = SpaceOf(instruction);
        var parts = Parts(instruction, instruction.Operands[0]);
        var wide = parts.Select(part => Wide(part, type)).ToArray();
        int[] places = [.. wide.Select(part => part.Place)];
        var size = wide.Where(part => part.Place >= 0).Select(part => part.Size).FirstOrDefault(type.Size());
        if (wide.Any(part => part.Place >= 0 && part.Size != size))
            throw Unsupported(instruction);
        var memory = instruction.Operands[1] as Ptx.Memory ?? throw new PtxException("address operand expected");
        if (space == StateSpace.Param)
            return LoadParameter(instruction, memory, type, places, size);
        if (space == StateSpace.Const && memory.Base is Variable { Space: not (StateSpace.Const or StateSpace.Global) } other)
            throw new PtxException($"line {instruction.Line}: {other.Name} is not in .const");
        var address = AddressOf(instruction, memory, space, type.Size() * parts.Length);
        return type.Size() switch
        {
            1 => new LoadStep<byte>(address, places, size, type.IsSigned()),
            2 => new LoadStep<ushort>(address, places, size, type.IsSigned()),
            4 => new LoadStep<uint>(address, places, size, type.IsSigned()),
            _ => new LoadStep<ulong>(address, places, size, type.IsSigned()),
        };
    }

    private Step LoadParameter(Instruction instruction, Ptx.Memory memory, PtxType type, int[] places, int registerSize)
    {
        var size = type.Size();
        if (memory.Base is not Variable variable)
            return new LoadParameterIndirectStep(AddressOf(instruction, memory, StateSpace.Param, size), places, size, registerSize, type.IsSigned());
        if (variables.TryGetKernelParameter(variable, out var start))
        {
            if (memory.Offset < 0 || memory.Offset + size * places.Length > variable.Size)
                throw new PtxException($"line {instruction.Line}: parameter access out of range: {instruction.Text}");
            return new LoadParameterStep(start + (int)memory.Offset, places, size, registerSize, type.IsSigned());
        }
        CheckCallParameter(instruction, variable, memory, size * places.Length);
        int[] sizes = [.. places.Select(_ => registerSize)];
        return new CallParameterStep(variables.OfCall(variable) + (int)memory.Offset, places, size, sizes, type.IsSigned(), isStore: false);
    }

    private Step Store(Instruction instruction)
    {
        var type = TypeOf(instruction.Modifiers[^1]);
        if (type.Size() > 8)
            throw Unsupported(instruction);
        var space = SpaceOf(instruction);
        var wide = Parts(instruction, instruction.Operands[1]).Select(part => Wide(part, type)).ToArray();
        int[] places = [.. wide.Select(part => part.Place)];
        int[] sizes = [.. wide.Select(part => part.Size)];
        var memory = instruction.Operands[0] as Ptx.Memory ?? throw new PtxException("address operand expected");
        if (places.Contains(-1))
            throw new PtxException("bad operand _");
        switch (space)
        {
            case StateSpace.Param when memory.Base is not Variable variable || variables.TryGetKernelParameter(variable, out _):
                throw new PtxException($"line {instruction.Line}: bad .param store: {instruction.Text}");
            case StateSpace.Param:
                CheckCallParameter(instruction, (Variable)memory.Base!, memory, type.Size() * places.Length);
                return new CallParameterStep(variables.OfCall((Variable)memory.Base!) + (int)memory.Offset, places, type.Size(), sizes, isSigned: false, isStore: true);
            case StateSpace.Const:
                throw new PtxException($"line {instruction.Line}: store to .const");
        }
        var address = AddressOf(instruction, memory, space, type.Size() * places.Length);
        return type.Size() switch
        {
            1 => new StoreStep<byte>(address, places, sizes),
            2 => new StoreStep<ushort>(address, places, sizes),
            4 => new StoreStep<uint>(address, places, sizes),
            _ => new StoreStep<ulong>(address, places, sizes),
        };
    }

    private static void CheckCallParameter(Instruction instruction, Variable variable, Ptx.Memory memory, int size)
    {
        if (memory.Offset < 0 || memory.Offset + size > variable.Size || memory.Offset % Math.Min(size, 16) != 0)
            throw new PtxException($"line {instruction.Line}: bad .param offset for {variable.Name}: {instruction.Text}");
    }

    private AtomicStep Atomic(Instruction instruction)
    {
        var operation = Array.Find(instruction.Modifiers, modifier => modifier is "add" or "min" or "max" or "and" or "or" or "xor" or "exch" or "cas" or "inc" or "dec")
            ?? throw Unsupported(instruction);
        var type = TypeOf(Array.FindLast(instruction.Modifiers, modifier => PtxTypes.TryParse(modifier, out var found) && found != PtxType.TF32) ?? throw Unsupported(instruction));
        if (instruction.Has("async"))
            throw Unsupported(instruction);
        if (operation == "add" && type == PtxType.S64)
            throw new PtxException($"line {instruction.Line}: atom.add has no .s64 (use .u64): {instruction.Text}");
        var space = SpaceOf(instruction);
        var operands = instruction.Operands.AsSpan();
        int[] destinations = [];
        if (instruction.Name == "atom")
        {
            if (operands[0] is not Sink)
                destinations = [.. Parts(instruction, operands[0]).Select(part => Wide(part, type.Untyped()).Place)];
            operands = operands[1..];
        }
        HasGlobalAtomics |= space != StateSpace.Shared;
        var address = AddressOf(instruction, operands[0], space, type.Size());
        int[] sources = [.. Parts(instruction, operands[1]).Select(part => Source(part, type.Untyped(), type))];
        var second = operation == "cas" ? Source(operands[2], type.Untyped(), type) : -1;
        return new(address, type.Size(), AtomicOperations.Of(operation, type) ?? throw Unsupported(instruction), AtomicOperations.OnGlobal(operation, type)!, operation == "exch", destinations, sources, type.Size(), second);
    }

    private Step Copy(Instruction instruction)
    {
        var modifiers = instruction.Modifiers;
        if (modifiers is not ["async", ..])
            throw Unsupported(instruction);
        switch (modifiers[1])
        {
            case "commit_group":
                return new CommitCopiesStep();
            case "wait_group":
                return new WaitCopiesStep((int)((Immediate)instruction.Operands[0]).Integer, isAll: false, instruction.Line);
            case "wait_all":
                return new WaitCopiesStep(0, isAll: true, instruction.Line);
            case "ca" or "cg" when instruction.Operands[2] is Immediate && !instruction.Has("bulk", "mbarrier"):
                break;
            default:
                throw Unsupported(instruction);
        }
        var size = (int)((Immediate)instruction.Operands[2]).Integer;
        if (size is not (4 or 8 or 16) || (instruction.Has("cg") && size != 16))
            throw new PtxException($"line {instruction.Line}: bad cp.async size: {instruction.Text}");
        var destination = AddressOf(instruction, instruction.Operands[0], StateSpace.Shared, size);
        var source = AddressOf(instruction, instruction.Operands[1], StateSpace.Global, size);
        if (instruction.Operands.Length <= 3)
            return new CopyStep(destination, source, size, -1, null);
        if (Array.Exists(modifiers, modifier => modifier.Contains("cache_hint", StringComparison.Ordinal)))
            throw Unsupported(instruction);
        return instruction.Operands[3] is Register { Type: PtxType.Pred }
            ? new CopyStep(destination, source, size, -1, Predicate(instruction.Operands[3]))
            : new CopyStep(destination, source, size, Source(instruction.Operands[3], PtxType.U32), null);
    }

    /// <summary>A call of a function that the text only declares: those that ILGPU and nvcc leave to others.</summary>
    private Step CallExtern(Instruction instruction)
    {
        var name = ((NameOperand)instruction.Operands[0]).Name;
        Variable[] results = [.. ((VectorOperand)instruction.Operands[1]).Items.Cast<Variable>()];
        Variable[] parameters = [.. ((VectorOperand)instruction.Operands[2]).Items.Cast<Variable>()];
        switch (name)
        {
            case "FusedMultiplyAdd" when results.Length == 1 && parameters.Length == 3:
                return new ExternFusedMultiplyAddStep(
                    variables.OfCall(results[0]), variables.OfCall(parameters[0]), variables.OfCall(parameters[1]), variables.OfCall(parameters[2]), results[0].Type == PtxType.F64 || results[0].Size == 8);
            case "__assertfail":
                return new AssertionStep();
            default:
                throw new PtxException($"line {instruction.Line}: call of extern function {name}, which nobody defines");
        }
    }
}
