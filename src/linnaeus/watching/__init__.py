"""Who watches a training: its log, TensorBoard, MLflow; and what the machine spends on it."""
