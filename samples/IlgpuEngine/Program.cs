GpuOptim.Samples.IlgpuEngine.Training.Run();
