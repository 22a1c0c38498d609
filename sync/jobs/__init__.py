"""Jobs: trainings, pre-fills and audits that workers do in processes of their own."""
