// The training is left out of the build where ILGPU cannot be restored.
if (Type.GetType("GpuOptim.Samples.IlgpuEngine.Ilgpu.Training") is not { } training)
{
    Console.WriteLine("ILGPU could not be restored from this machine's package sources: there is nothing to run.");
    return;
}
training.GetMethod("Run")!.Invoke(null, null);
