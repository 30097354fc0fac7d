# Networks on a GPU (device: cuda): which jobs ask for one, and what is said where there is none.


def gpus(engine):
    """GPUs that a job asks for: one if it trains or runs the networks of an engine and the configuration says so."""
    return int(config["device"] != "cpu" and engine_model(config, engine) in VARIANTS)


onstart:
    if config["device"] != "cpu":
        # Imported here alone: it imports torch, for seconds, and every job on a cluster reads this file.
        from sdglass.devices import require_device

        try:
            require_device(config["device"], on_cluster=not workflow.local_exec)
        except InputError as error:
            raise WorkflowError(str(error)) from None
