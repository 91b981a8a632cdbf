namespace VirtualCard.Execution.Steps;

/// <summary>FusedMultiplyAdd, which ILGPU declares for <see cref="MathF.FusedMultiplyAdd"/> and leaves to others.</summary>
internal sealed unsafe class ExternFusedMultiplyAddStep(int result, int a, int b, int c, bool isDouble) : Step
{
    public override void Run(Warp warp)
    {
        for (var rest = warp.Active; rest != 0;)
        {
            var place = warp.CallParameters + Lanes.Next(ref rest) * warp.Runner.Program.CallParameterBytes;
            if (isDouble)
                *(double*)(place + result) = Math.FusedMultiplyAdd(*(double*)(place + a), *(double*)(place + b), *(double*)(place + c));
            else
                *(float*)(place + result) = MathF.FusedMultiplyAdd(*(float*)(place + a), *(float*)(place + b), *(float*)(place + c));
        }
    }
}
