namespace VirtualCard.Ptx;

/// <summary>Which registers instructions write and read.</summary>
internal static class RegisterUse
{
    /// <summary>Adds the registers that an instruction writes to one list, and those that it reads to another, as often as it names them.</summary>
    public static void Collect(Instruction instruction, List<Register> written, List<Register> read)
    {
        var operands = instruction.Operands;
        for (var i = 0; i < operands.Length; i++)
            Collect(operands[i], i == 0 && HasDestination(instruction) ? written : read);
        if (instruction.Name == "wgmma" && operands.Length > 0)
            Collect(operands[0], read); // the accumulators
        if (instruction.Guard is { } guard)
            read.Add(guard);
    }

    private static bool HasDestination(Instruction instruction) => instruction.Name switch
    {
        "bar" or "barrier" => instruction.Has("red"),
        "mbarrier" => instruction.Operands[0] is not Memory,
        "st" or "red" or "membar" or "fence" or "bra" or "brx" or "ret" or "exit" or "trap" or "cp" or "prefetch" or "prefetchu"
            or "nanosleep" or "stmatrix" or "call" or "callextern" or "pmevent" or "brkpt" or "discard" or "applypriority"
            or "griddepcontrol" or "setmaxnreg" => false,
        _ => true,
    };

    private static void Collect(Operand? operand, List<Register> registers)
    {
        switch (operand)
        {
            case Register register:
                registers.Add(register);
                break;
            case VectorOperand vector:
                Collect(vector.Items, registers);
                break;
            case OperandGroup group:
                Collect(group.Items, registers);
                break;
            case Memory memory:
                Collect(memory.Base, registers);
                Collect(memory.Coordinates, registers);
                break;
            case Negated negated:
                Collect(negated.Predicate, registers);
                break;
            case DestinationPair pair:
                Collect(pair.First, registers);
                Collect(pair.Second, registers);
                break;
        }
    }

    private static void Collect(Operand[] operands, List<Register> registers)
    {
        foreach (var operand in operands)
            Collect(operand, registers);
    }
}
